import RelayDigest
import Testing

@Suite struct SHA256Tests {
  /// FIPS 180-4's examples, and a text of no bytes.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func hashesAreTheStandards(text: String, hex: String) {
    #expect(Self.hex(SHA256.hash(Array(text.utf8))) == hex)
  }

  /// RFC 4231, test cases 1, 2 and 6: keys that are shorter, and one that is longer than a block.
  @Test(arguments: [
    (
      [UInt8](repeating: 0x0B, count: 20), "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ])
  func authenticationCodesAreTheStandards(key: [UInt8], text: String, hex: String) {
    let bytes = Array(text.utf8)
    for split in [0, 1, bytes.count / 2, bytes.count] {
      let code = SHA256.authenticationCode(key: key, Array(bytes[..<split]), Array(bytes[split...]))
      #expect(Self.hex(code) == hex)
    }
  }

  @Test func aKeyOfNoBytesIsAKey() {
    #expect(
      Self.hex(SHA256.authenticationCode(key: [], [], []))
        == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}

@Suite struct SHA256StreamTests {
  @Test(arguments: [0, 1, 63, 64, 65, 1_000_003])
  func piecesHaveTheHashOfTheWhole(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let stream = SHA256Stream()
    var rest = bytes[...]
    var size = 1
    while !rest.isEmpty {
      rest.prefix(size).withUnsafeBytes { stream.add($0) }
      rest = rest.dropFirst(size)
      size = size * 3 % 70_001 + 1
    }
    #expect(stream.finish() == SHA256.hash(bytes))
  }
}
