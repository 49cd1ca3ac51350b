import RelaySystem

/// A file that a configuration was read from, beside its own: where it stands, and which one it was.
package struct ReferencedFile: Sendable, Equatable {
  /// As seen from the working directory.
  package var path: String
  package var version: FileVersion
  /// It is of `server.tls`: the listener takes another one by itself.
  package var isListeners: Bool

  package init(path: String, version: FileVersion, isListeners: Bool = false) {
    self.path = path
    self.version = version
    self.isListeners = isListeners
  }
}
