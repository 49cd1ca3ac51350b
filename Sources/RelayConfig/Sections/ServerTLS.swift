import RelayCore

extension ConfigNode {
  /// `server.tls` or `server.admin_tls`; nil: there is a fault.
  func listenerTLS() -> ListenerTLS? {
    guard var section = section("a mapping with certificate and key") else { return nil }
    let (certificate, key) = (
      section.take("certificate", isRequired: true), section.take("key", isRequired: true)
    )
    let authority = section.take("client_ca")
    section.finish()
    for (name, node) in [("certificate", certificate), ("key", key)] where node == nil && !reading.isProbing {
      error("\(name) is missing; write { certificate: server.pem, key: server.key }")
    }
    let files = (
      certificate: certificate?.pemFile(of: .certificates, isListeners: true),
      key: key?.pemFile(of: .privateKey, isListeners: true),
      authority: authority?.pemFile(of: .certificates, isListeners: true)
    )
    guard let certificateFile = files.certificate, let keyFile = files.key,
      authority == nil || files.authority != nil
    else { return nil }
    let tls = ListenerTLS(
      certificate: certificateFile.path, key: keyFile.path, clientAuthority: files.authority?.path)
    guard reading.references.resolves, !reading.isProbing else { return tls }
    if let problem = reading.listenerProblem(tls) {
      error(problem)
      return nil
    }
    return tls
  }
}
