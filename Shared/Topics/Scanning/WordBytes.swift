// Eight bytes at once; a flag is the highest bit of its byte. Above the lowest flag others may be
// raised by the borrow.
// - SeeAlso: Anderson, "Bit Twiddling Hacks", determine if a word has a zero byte.

let highs: UInt64 = 0x8080_8080_8080_8080

@inline(__always)
func bytes(_ word: UInt64, equalTo byte: UInt64) -> UInt64 {
    let zeros = word ^ (0x0101_0101_0101_0101 &* byte)
    return (zeros &- 0x0101_0101_0101_0101) & ~zeros & 0x8080_8080_8080_8080
}

@inline(__always)
func quotes(_ word: UInt64) -> UInt64 { bytes(word, equalTo: 0x22) }

@inline(__always)
func controlBytes(_ word: UInt64) -> UInt64 {
    (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080
}

/// "/" and "%" are written otherwise in a path; DEL is no name's.
@inline(__always)
func oddInName(_ word: UInt64) -> UInt64 {
    bytes(word, equalTo: 0x2F) | bytes(word, equalTo: 0x25) | bytes(word, equalTo: 0x7F)
}

@inline(__always)
func areDigits(_ word: UInt64) -> Bool {
    let high: UInt64 = 0xF0F0_F0F0_F0F0_F0F0
    let zeros: UInt64 = 0x3030_3030_3030_3030
    return word & high == zeros && (word &+ 0x0606_0606_0606_0606) & high == zeros
}

/// Eight digits, the first of them lowest: pairs, then fours, then all.
/// - SeeAlso: Lemire, "Quickly parsing eight digits" (2018).
@inline(__always)
func number(_ word: UInt64) -> UInt64 { number(digits: word &- 0x3030_3030_3030_3030) }

/// - Parameter digits: 0 to 9 each.
@inline(__always)
func number(digits: UInt64) -> UInt64 {
    let pairs = (digits &* 10 &+ digits >> 8) & 0x00FF_00FF_00FF_00FF
    let fours = (pairs &* 100 &+ pairs >> 16) & 0x0000_FFFF_0000_FFFF
    return (fours &* 10_000 &+ fours >> 32) & 0xFFFF_FFFF
}
