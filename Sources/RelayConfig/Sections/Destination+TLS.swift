import RelayCore

extension Destination.TLS {
  mutating func read(_ node: ConfigNode) {
    guard var section = node.section("a mapping with ca and verify") else { return }
    if let authority = section.take("ca")?.authorities() {
      (authorityFile, authorities) = (authority.path, authority.contents)
    }
    let verify = section.take("verify")
    verifies = verify?.bool(placeholder: true) ?? verifies
    if verify != nil, !verifies {
      verify?.warning("whoever answers is believed to be the destination; give its authority as ca instead")
    }
    section.finish(later: LaterKeys.tls)
  }
}

extension ConfigNode {
  /// A PEM file, as seen from the working directory, and what it holds now.
  fileprivate func authorities() -> (path: String, contents: [UInt8]?)? {
    value("a path of a PEM file", placeholder: ("placeholder.pem", nil)) { text throws(Fault) in
      guard !text.isEmpty, !text.utf8.contains(0) else { throw Fault("is not a path of a file") }
      let path = ConfigurationFile.path(text, in: reading.directory)
      guard reading.references.resolves else { return (path, nil) }
      let bytes: [UInt8]
      do throws(ConfigurationFile.Failure) {
        bytes = try ConfigurationFile.bytes(at: path, atMost: 16 << 20)
      } catch {
        throw Fault(
          "is of no use: \(error.message) (a relative path is relative to the configuration file)")
      }
      let text = String(decoding: bytes, as: UTF8.self)
      guard text.contains("-----BEGIN ") else {
        throw Fault("is not a PEM file; it has no line that begins with -----BEGIN")
      }
      // A key, say, in its place would be told by each attempt's failure only.
      guard text.contains("CERTIFICATE-----") else {
        throw Fault("holds no certificate; it has no line -----BEGIN CERTIFICATE-----")
      }
      return (path, bytes)
    }
  }
}
