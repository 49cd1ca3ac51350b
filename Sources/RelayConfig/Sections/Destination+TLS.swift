import RelayCore
import RelayText

extension Destination.TLS {
  mutating func read(_ node: ConfigNode) {
    guard var section = node.section("a mapping with ca, certificate, key and verify") else { return }
    if let authority = section.take("ca")?.pemFile(of: .certificates) {
      (authorityFile, authorities) = (authority.path, authority.contents)
    }
    client = node.clientCertificate(in: &section) ?? client
    let verify = section.take("verify")
    verifies = verify?.bool(placeholder: true) ?? verifies
    if verify != nil, !verifies {
      verify?.warning("whoever answers is believed to be the destination; give its authority as ca instead")
    }
    section.finish()
  }
}

extension ConfigNode {
  /// `certificate` and `key`, which stand together; nil: there are none, or there is a fault.
  fileprivate func clientCertificate(in section: inout Section) -> ClientCertificate? {
    let (certificate, key) = (section.take("certificate"), section.take("key"))
    for (one, other, missing) in [(certificate, key, "key"), (key, certificate, "certificate")] {
      guard let one, other == nil, !reading.isProbing else { continue }
      one.error(
        "\(missing) is missing beside it; write { certificate: client.pem, key: client.key }, "
          + "or name the same file twice if it holds both")
    }
    let files = (
      certificate: certificate?.pemFile(of: .certificates), key: key?.pemFile(of: .privateKey)
    )
    guard let certificate, let key, let certificateFile = files.certificate, let keyFile = files.key else {
      return nil
    }
    let client = ClientCertificate(
      certificateFile: certificateFile.path, keyFile: keyFile.path,
      certificate: certificateFile.contents ?? [],
      key: Secret(String(decoding: keyFile.contents ?? [], as: UTF8.self)))
    guard reading.references.resolves, !reading.isProbing else { return client }
    switch reading.inspectClient(client) {
    case .unusable(.certificate, let words):
      certificate.error("\(certificateFile.path.quotedForMessage) \(words)")
      return nil
    case .unusable(.key, let words):
      key.error("\(keyFile.path.quotedForMessage) \(words)")
      return nil
    case .usable(let subject, let end) where end <= reading.now:
      certificate.warning("\(subject.printable) has ended on \(end): servers refuse it; renew it")
    case .usable, nil: break
    }
    return client
  }
}
