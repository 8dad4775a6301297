using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Runtime.Surfaces;

/// <content>How tiles begin, end and make room.</content>
public sealed partial class EndlessSurface
{
    private bool HasPattern => _settings.Departure < 1;

    private Tile Claim(int x, int y)
    {
        if (!_tiles.TryGetValue((x, y), out Tile? tile))
        {
            tile = new Tile(x, y);
            foreach ((int dx, int dy) in TileLayout.NeedsOf(x, y))
            {
                Claim(unchecked(x + dx), unchecked(y + dy));
            }

            _tiles.Add((x, y), tile);
            _order.Add(tile);
        }

        tile.Claims++;
        return tile;
    }

    private void Unclaim(Tile tile)
    {
        if (--tile.Claims > 0)
        {
            return;
        }

        _tiles.Remove((tile.X, tile.Y));
        _order.Remove(tile);
        Free(tile);
        UnclaimNeeds(tile);
    }

    private void UnclaimNeeds(Tile tile)
    {
        if (!tile.HoldsNeeds)
        {
            return;
        }

        tile.HoldsNeeds = false;
        foreach ((int dx, int dy) in TileLayout.NeedsOf(tile.X, tile.Y))
        {
            Unclaim(NeighbourOf(tile, dx, dy));
        }
    }

    private void TryBegin(Tile tile)
    {
        ReadOnlySpan<(int X, int Y)> needs = TileLayout.NeedsOf(tile.X, tile.Y);
        bool isReady = true;
        foreach ((int dx, int dy) in needs)
        {
            Tile need = NeighbourOf(tile, dx, dy);
            isReady &= need.Status == SurfaceTileStatus.Completed;
            if (need.Status == SurfaceTileStatus.Failed)
            {
                Fail(tile, need.Failure);
                return;
            }
        }

        if (!isReady || _inWork >= _settings.TilesInWork)
        {
            return;
        }

        try
        {
            if (!IsPatternReady())
            {
                return;
            }

            Begin(tile, RequestOf(tile, needs));
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Fail(tile, failure.Message);
            return;
        }

        // It has copied what it needs.
        UnclaimNeeds(tile);
    }

    private TextureRequest RequestOf(Tile tile, ReadOnlySpan<(int X, int Y)> needs)
    {
        TextureRequest request = _settings.Style with
        {
            OriginX = unchecked((int)(tile.X * (long)CellWidth)),
            OriginY = unchecked((int)(tile.Y * (long)CellHeight)),
        };
        if (needs.IsEmpty && !HasPattern)
        {
            return request;
        }

        float[] image = tile.Image = _images.TryPop(out float[]? spare) ? spare : new float[_layout.ImageLength];
        if (_pattern is not null)
        {
            _layout.CopyPattern(_pattern, tile.X, tile.Y, image);
        }
        else
        {
            Array.Clear(image);
        }

        foreach ((int dx, int dy) in needs)
        {
            _layout.CopyShared(ImageOf(NeighbourOf(tile, dx, dy)), (dx, dy), image);
        }

        return request with
        {
            Image = image,
            Mask = _layout.Mask(tile.X, tile.Y),
            Strength = _settings.Departure,
        };
    }

    private Tile NeighbourOf(Tile tile, int dx, int dy) => _tiles[(unchecked(tile.X + dx), unchecked(tile.Y + dy))];

    private Span<float> ImageOf(Tile tile)
    {
        SampleRing ring = _runtime.GetSamples(tile.Texture);
        return ring.Sample(ring.CurrentSlot);
    }

    private void Begin(Tile tile, TextureRequest request)
    {
        if (_textures.TryPop(out TextureHandle texture))
        {
            tile.Texture = texture;
            tile.FirstGeneration = _runtime.GetSamples(texture).LatestInfo.Generation + 1;
            _runtime.Restart(texture, request);
        }
        else
        {
            tile.Texture = _runtime.Submit(request);
        }

        tile.Status = SurfaceTileStatus.Running;
        _inWork++;
    }

    // Ends the work of a tile whose texture has ended.
    private void Look(Tile tile)
    {
        if (tile.Status != SurfaceTileStatus.Running)
        {
            return;
        }

        TextureProgress progress = _runtime.GetProgress(tile.Texture);
        if (progress.Status == ChainStatus.Completed)
        {
            tile.Status = SurfaceTileStatus.Completed;
            EndWork(tile);
        }
        else if (progress.Status is ChainStatus.Failed or ChainStatus.Cancelled)
        {
            // Its ring goes on to the next tile, as any other's: a renderer may be reading it.
            Fail(tile, progress.FailureReason ?? "its texture was cancelled");
        }
    }

    private void Fail(Tile tile, string? reason)
    {
        Free(tile);
        tile.Status = SurfaceTileStatus.Failed;
        tile.Failure = reason;
        UnclaimNeeds(tile);
    }

    private void EndWork(Tile tile)
    {
        _inWork--;
        if (tile.Image is { } image)
        {
            _images.Push(image);
            tile.Image = null;
        }
    }

    // Gives its texture to the next tile, and its image too.
    private void Free(Tile tile)
    {
        if (tile.Status == SurfaceTileStatus.Running)
        {
            _runtime.Cancel(tile.Texture);
            EndWork(tile);
        }

        if (tile.Texture != default)
        {
            _textures.Push(tile.Texture);
            tile.Texture = default;
        }
    }

    // The pattern is the first of all tiles, and nobody's neighbour.
    private bool IsPatternReady()
    {
        if (!HasPattern || _pattern is not null)
        {
            return true;
        }

        if (_patternTile is null)
        {
            var pattern = new Tile(0, 0);
            Begin(pattern, _settings.Style);
            _patternTile = pattern;
        }

        return false;
    }

    private void TakePattern(Tile pattern)
    {
        if (pattern.Status == SurfaceTileStatus.Running)
        {
            return;
        }

        if (pattern.Status == SurfaceTileStatus.Completed)
        {
            _pattern = ImageOf(pattern).ToArray();
        }
        else
        {
            for (int i = _order.Count - 1; i >= 0; i = Math.Min(i, _order.Count) - 1)
            {
                if (_order[i].Status == SurfaceTileStatus.Waiting)
                {
                    Fail(_order[i], pattern.Failure);
                }
            }
        }

        Free(pattern);
        _patternTile = null;
    }
}
