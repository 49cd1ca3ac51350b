/// What the store held once, and is still on the disk beside it: a copy from before a change of the schema, or what a person has put aside
/// to restore a backup. No retention and no erasure reaches it.
package struct KeptCopy: Sendable, Equatable {
  /// A file, or a folder.
  package var path: String
  /// All that goes with it: its log, or what is in the folder.
  package var bytes: Int
  /// When it was last written to, by the wall clock.
  package var written: Timestamp
  /// The command that removes it, to be pasted into a shell.
  package var removal: String

  package init(path: String, bytes: Int, written: Timestamp, removal: String) {
    self.path = path
    self.bytes = bytes
    self.written = written
    self.removal = removal
  }
}
