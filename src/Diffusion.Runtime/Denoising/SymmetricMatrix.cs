namespace Diffusion.Runtime.Denoising;

/// <summary>A symmetric matrix of three rows in float64, by its upper half.</summary>
internal readonly record struct SymmetricMatrix(double XX, double XY, double XZ, double YY, double YZ, double ZZ)
{
    // Jacobi's method squares the error in each sweep of three rotations: five leave nothing.
    private const int Sweeps = 6;

    public static SymmetricMatrix Of(ColourCovariance c) =>
        new(c.RedRed, c.RedGreen, c.RedBlue, c.GreenGreen, c.GreenBlue, c.BlueBlue);

    public static SymmetricMatrix Diagonal(double value) => new(value, 0, 0, value, 0, value);

    public static SymmetricMatrix operator +(SymmetricMatrix a, SymmetricMatrix b) =>
        new(a.XX + b.XX, a.XY + b.XY, a.XZ + b.XZ, a.YY + b.YY, a.YZ + b.YZ, a.ZZ + b.ZZ);

    public static SymmetricMatrix operator *(double factor, SymmetricMatrix a) => new(
        factor * a.XX, factor * a.XY, factor * a.XZ, factor * a.YY, factor * a.YZ, factor * a.ZZ);

    /// <summary>This·inner·this.</summary>
    public SymmetricMatrix Around(SymmetricMatrix inner)
    {
        (double X, double Y, double Z) x = inner.Times(XX, XY, XZ);
        (double X, double Y, double Z) y = inner.Times(XY, YY, YZ);
        (double X, double Y, double Z) z = inner.Times(XZ, YZ, ZZ);
        return new(
            (XX * x.X) + (XY * x.Y) + (XZ * x.Z), (XY * x.X) + (YY * x.Y) + (YZ * x.Z),
            (XZ * x.X) + (YZ * x.Y) + (ZZ * x.Z), (XY * y.X) + (YY * y.Y) + (YZ * y.Z),
            (XZ * y.X) + (YZ * y.Y) + (ZZ * y.Z), (XZ * z.X) + (YZ * z.Y) + (ZZ * z.Z));
    }

    /// <summary>The product with a vector.</summary>
    public (double X, double Y, double Z) Times(double x, double y, double z) => (
        (XX * x) + (XY * y) + (XZ * z), (XY * x) + (YY * y) + (YZ * z), (XZ * x) + (YZ * y) + (ZZ * z));

    /// <summary>The symmetric square root and its inverse, of a positive definite matrix.</summary>
    public (SymmetricMatrix Root, SymmetricMatrix Inverse) Root()
    {
        (Basis basis, (double X, double Y, double Z) values) = Decompose();
        (double x, double y, double z) = (Math.Sqrt(values.X), Math.Sqrt(values.Y), Math.Sqrt(values.Z));
        return (basis.Compose(x, y, z), basis.Compose(1 / x, 1 / y, 1 / z));
    }

    /// <summary>The square root of the part that is not negative.</summary>
    public SymmetricMatrix RootOnly()
    {
        (Basis basis, (double X, double Y, double Z) values) = Decompose();
        return basis.Compose(
            Math.Sqrt(Math.Max(values.X, 0)), Math.Sqrt(Math.Max(values.Y, 0)), Math.Sqrt(Math.Max(values.Z, 0)));
    }

    /// <summary>Eigenvectors and eigenvalues, by Jacobi's rotations.</summary>
    public (Basis Basis, (double X, double Y, double Z) Values) Decompose()
    {
        Span<double> a = [XX, XY, XZ, XY, YY, YZ, XZ, YZ, ZZ];
        Span<double> v = [1, 0, 0, 0, 1, 0, 0, 0, 1];
        for (int sweep = 0; sweep < Sweeps; sweep++)
        {
            Rotate(a, v, 0, 1);
            Rotate(a, v, 0, 2);
            Rotate(a, v, 1, 2);
        }

        return (new Basis((v[0], v[3], v[6]), (v[1], v[4], v[7]), (v[2], v[5], v[8])), (a[0], a[4], a[8]));
    }

    // The rotation in the plane of p and q that makes a_pq zero, a' = Rᵀ·a·R.
    private static void Rotate(Span<double> a, Span<double> v, int p, int q)
    {
        double off = a[(3 * p) + q];
        if (off == 0)
        {
            return;
        }

        double theta = (a[4 * q] - a[4 * p]) / (2 * off);
        double t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt((theta * theta) + 1));
        double c = 1 / Math.Sqrt((t * t) + 1);
        double s = t * c;
        for (int k = 0; k < 3; k++)
        {
            (double kp, double kq) = (a[(3 * k) + p], a[(3 * k) + q]);
            (a[(3 * k) + p], a[(3 * k) + q]) = ((c * kp) - (s * kq), (s * kp) + (c * kq));
        }

        for (int k = 0; k < 3; k++)
        {
            (double pk, double qk) = (a[(3 * p) + k], a[(3 * q) + k]);
            (a[(3 * p) + k], a[(3 * q) + k]) = ((c * pk) - (s * qk), (s * pk) + (c * qk));
            (double kp, double kq) = (v[(3 * k) + p], v[(3 * k) + q]);
            (v[(3 * k) + p], v[(3 * k) + q]) = ((c * kp) - (s * kq), (s * kp) + (c * kq));
        }
    }

    /// <summary>Three orthonormal vectors.</summary>
    public readonly record struct Basis(
        (double X, double Y, double Z) First,
        (double X, double Y, double Z) Second,
        (double X, double Y, double Z) Third)
    {
        /// <summary>The matrix with these eigenvectors and the given eigenvalues.</summary>
        public SymmetricMatrix Compose(double first, double second, double third) =>
            (first * Square(First)) + (second * Square(Second)) + (third * Square(Third));

        private static SymmetricMatrix Square((double X, double Y, double Z) v) =>
            new(v.X * v.X, v.X * v.Y, v.X * v.Z, v.Y * v.Y, v.Y * v.Z, v.Z * v.Z);
    }
}
