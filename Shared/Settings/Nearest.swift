/// The choice that differs least from `word`, nil when even that one differs in more than a third.
///
/// Of equally near ones the first.
func nearest(to word: String, among choices: [String]) -> String? {
    let most = max(2, word.count / 3)
    return choices.map { (choice: $0, distance: editDistance(word, $0)) }
        .filter { $0.distance <= most }
        .min { $0.distance < $1.distance }?.choice
}

/// How many letters must be put in, left out, replaced or swapped with their neighbour.
///
/// Optimal string alignment; `previous[j]` is the distance from the letters of `a` before row i to
/// the first j letters of `b`.
///
/// - Complexity: O(|a| |b|); callers bound both by `Limits.shownCharacters`.
func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a.unicodeScalars)
    let b = Array(b.unicodeScalars)
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for (i, letter) in a.enumerated() {
        var row = [i + 1]
        for (j, other) in b.enumerated() {
            let replaced = previous[j] + (letter == other ? 0 : 1)
            var least = min(previous[j + 1] + 1, row[j] + 1, replaced)
            if i > 0, j > 0, letter == b[j - 1], a[i - 1] == other {
                least = min(least, beforePrevious[j - 1] + 1)
            }
            row.append(least)
        }
        beforePrevious = previous
        previous = row
    }
    return previous[b.count]
}
