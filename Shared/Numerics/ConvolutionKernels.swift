/// The 84 fixed kernels of length 9 with three weights of 2 and six of -1.
///
/// - SeeAlso: Dempster, Schmidt and Webb, "MiniRocket" (KDD 2021), section 3
///   <https://arxiv.org/abs/2012.08791>.
public enum ConvolutionKernels {
    public static let length = 9
    public static let count = 84

    /// (84) where the weights of 2 are, in the order in which shares are returned.
    static let places: [(Int, Int, Int)] = (0..<length - 2).flatMap { a in
        (a + 1..<length - 1).flatMap { b in (b + 1..<length).map { c in (a, b, c) } }
    }
}
