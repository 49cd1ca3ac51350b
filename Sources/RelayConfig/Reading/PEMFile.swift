import RelayCore

/// What a PEM file is to hold.
enum PEMContent {
  case certificates
  case privateKey

  /// Ends the line that a block of it begins with.
  fileprivate var label: String {
    switch self {
    case .certificates: "CERTIFICATE-----"
    case .privateKey: "PRIVATE KEY-----"
    }
  }

  fileprivate var fault: Fault {
    switch self {
    // A key, say, in its place would be told by each attempt's failure only.
    case .certificates: Fault("holds no certificate; it has no line -----BEGIN CERTIFICATE-----")
    case .privateKey: Fault("holds no private key; it has no line -----BEGIN PRIVATE KEY-----")
    }
  }
}

extension ConfigNode {
  /// A PEM file, as seen from the working directory, and what it holds now (nil: references are not replaced).
  ///
  /// - Parameter isListeners: Its listener takes another one by itself.
  func pemFile(of content: PEMContent, isListeners: Bool = false) -> (path: String, contents: [UInt8]?)? {
    value("a path of a PEM file", placeholder: ("placeholder.pem", nil)) { text throws(Fault) in
      guard !text.isEmpty, !text.utf8.contains(0) else { throw Fault("is not a path of a file") }
      let path = ConfigurationFile.path(text, in: reading.directory)
      guard reading.references.resolves else { return (path, nil) }
      let bytes: [UInt8]
      do throws(ConfigurationFile.Failure) {
        let (read, version) = try ConfigurationFile.contents(of: path, atMost: 16 << 20)
        if let version {
          reading.note([ReferencedFile(path: path, version: version, isListeners: isListeners)])
        }
        bytes = read
      } catch {
        throw Fault(
          "is of no use: \(error.message) (a relative path is relative to the configuration file)")
      }
      let text = String(decoding: bytes, as: UTF8.self)
      guard text.contains("-----BEGIN ") else {
        throw Fault("is not a PEM file; it has no line that begins with -----BEGIN")
      }
      guard text.contains(content.label) else { throw content.fault }
      return (path, bytes)
    }
  }
}
