using System.Globalization;
using System.Xml.Linq;

namespace Diffusion.Cli.Profiling.Html;

/// <summary>Elements of XHTML and SVG, and numbers as both want them.</summary>
internal static class Markup
{
    public static readonly XNamespace Xhtml = "http://www.w3.org/1999/xhtml";
    public static readonly XNamespace SvgSpace = "http://www.w3.org/2000/svg";

    /// <summary>An element of XHTML; an empty one gets an end tag, which HTML parsers need.</summary>
    public static XElement Tag(string name, params object?[] content)
    {
        var element = new XElement(Xhtml + name, content);
        if (element.IsEmpty && name is not ("meta" or "br"))
        {
            element.Value = "";
        }

        return element;
    }

    /// <summary>An element of XHTML of a class.</summary>
    public static XElement Styled(string name, string style, params object?[] content) =>
        Tag(name, [Attribute("class", style), .. content]);

    /// <summary>An element of SVG.</summary>
    public static XElement Svg(string name, params object?[] content) => new(SvgSpace + name, content);

    /// <summary>A drawing that scales with the page.</summary>
    /// <param name="width">Width in its own units.</param>
    /// <param name="height">Height in its own units.</param>
    /// <param name="label">What it shows, for those who cannot see it.</param>
    /// <param name="content">Its shapes.</param>
    public static XElement Drawing(double width, double height, string label, params object?[] content) => Svg(
        "svg",
        [
            Attribute("viewBox", $"0 0 {Number(width)} {Number(height)}"),
            Attribute("role", "img"),
            Attribute("aria-label", label),
            .. content,
        ]);

    public static XAttribute Attribute(string name, string value) => new(name, value);

    public static XElement Line(string style, double x1, double y1, double x2, double y2) => Svg(
        "line",
        Attribute("class", style),
        Attribute("x1", Number(x1)),
        Attribute("y1", Number(y1)),
        Attribute("x2", Number(x2)),
        Attribute("y2", Number(y2)));

    public static XElement Rectangle(
        string style, double x, double y, double width, double height, string? title = null, double radius = 0) => Svg(
        "rect",
        Attribute("class", style),
        Attribute("x", Number(x)),
        Attribute("y", Number(y)),
        Attribute("width", Number(Math.Max(0, width))),
        Attribute("height", Number(Math.Max(0, height))),
        radius > 0 ? Attribute("rx", Number(radius)) : null,
        title is null ? null : Svg("title", title));

    public static XElement Path(string style, string data) =>
        Svg("path", Attribute("class", style), Attribute("d", data));

    /// <summary>A text at a point.</summary>
    /// <param name="style">Classes; <c>end</c> and <c>middle</c> say where the point is.</param>
    /// <param name="x">Where.</param>
    /// <param name="y">The base line.</param>
    /// <param name="text">What.</param>
    public static XElement Text(string style, double x, double y, string text) => Svg(
        "text", Attribute("class", style), Attribute("x", Number(x)), Attribute("y", Number(y)), text);

    /// <summary>A coordinate.</summary>
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A duration as people read it: three digits and their unit.</summary>
    public static string Milliseconds(double value) => value switch
    {
        >= 100 => string.Create(CultureInfo.InvariantCulture, $"{value:0} ms"),
        >= 10 => string.Create(CultureInfo.InvariantCulture, $"{value:0.0} ms"),
        >= 1 => string.Create(CultureInfo.InvariantCulture, $"{value:0.00} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value * 1000:0} µs"),
    };

    /// <summary>A share.</summary>
    public static string Percent(double ratio) => ratio.ToString(
        ratio is > 0 and < 0.1 ? "0.00 %" : "0.0 %", CultureInfo.InvariantCulture);

    /// <summary>A count with its thousands set apart.</summary>
    public static string Count(double count) => count.ToString("#,0", CultureInfo.InvariantCulture);
}
