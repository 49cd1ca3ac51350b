/// The hash FNV-1a, of 64 bits: quick for what is short. Who chooses what is hashed can choose what hashes alike.
///
/// Public and inlinable, as `asciiLowercased` is: each byte goes through here.
public enum FNV1a {
  /// Of nothing.
  @inlinable
  public static var start: UInt64 { 0xCBF2_9CE4_8422_2325 }

  /// Of what `hash` is of, and this byte behind it.
  @inlinable
  public static func add(_ byte: UInt8, to hash: UInt64) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x100_0000_01B3
  }
}
