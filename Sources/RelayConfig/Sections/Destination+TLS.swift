import RelayCore

extension Destination.TLS {
  mutating func read(_ node: ConfigNode) {
    guard var section = node.section("a mapping with ca and verify") else { return }
    if let authority = section.take("ca") { authorityFile = authority.authorityFile() ?? authorityFile }
    let verify = section.take("verify")
    verifies = verify?.bool(placeholder: true) ?? verifies
    if verify != nil, !verifies {
      verify?.warning("whoever answers is believed to be the destination; give its authority as ca instead")
    }
    section.finish(later: LaterKeys.tls)
  }
}

extension ConfigNode {
  /// A PEM file, as seen from the working directory.
  fileprivate func authorityFile() -> String? {
    value("a path of a PEM file", placeholder: "placeholder.pem") { text throws(Fault) in
      guard !text.isEmpty, !text.utf8.contains(0) else { throw Fault("is not a path of a file") }
      let path = ConfigurationFile.path(text, in: reading.directory)
      guard reading.references.resolves else { return path }
      let bytes: [UInt8]
      do throws(ConfigurationFile.Failure) {
        bytes = try ConfigurationFile.bytes(at: path, atMost: 16 << 20)
      } catch {
        throw Fault(
          "is of no use: \(error.message) (a relative path is relative to the configuration file)")
      }
      guard String(decoding: bytes, as: UTF8.self).contains("-----BEGIN ") else {
        throw Fault("is not a PEM file; it has no line that begins with -----BEGIN")
      }
      return path
    }
  }
}
