/// A consistent copy of the store, to be taken away. It goes when nobody holds it any more.
package protocol StoreCopy: AnyObject, Sendable {
  /// How long it is, in bytes.
  var byteCount: Int { get }

  /// At most `count` bytes from there on; fewer only at its end. Blocks while the disk is read.
  func read(at offset: Int, upTo count: Int) throws(StoreError) -> [UInt8]
}
