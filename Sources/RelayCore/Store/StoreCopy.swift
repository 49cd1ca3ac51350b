/// A consistent copy of the store, to be taken away. It goes when nobody holds it any more.
package protocol StoreCopy: AnyObject, Sendable {
  var format: StoreCopyFormat { get }

  /// How long it is, in bytes.
  var byteCount: Int { get }

  /// At most `count` bytes from there on; fewer only at its end. Blocks while the disk is read.
  func read(at offset: Int, upTo count: Int) throws(StoreError) -> [UInt8]
}

/// How one store's copies look: whoever fetches one can tell it from what came in its place.
package struct StoreCopyFormat: Sendable {
  package enum Fault: Sendable, Equatable {
    /// It is something else.
    case notACopy
    /// Its end is missing, or something stands behind it.
    case notWhole
  }

  /// Of the answer that carries a copy.
  package let contentType: String
  /// What one is called: `SQLite file`.
  package let name: String
  /// What is wrong with the file that is open there, which should be such a copy; nil: nothing. Blocks while the disk is read.
  package let fault: @Sendable (_ descriptor: Int32) -> Fault?

  package init(contentType: String, name: String, fault: @escaping @Sendable (_ descriptor: Int32) -> Fault?)
  {
    self.contentType = contentType
    self.name = name
    self.fault = fault
  }
}
