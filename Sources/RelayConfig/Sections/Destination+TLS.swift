import RelayCore

extension Destination.TLS {
  mutating func read(_ node: ConfigNode) {
    guard var section = node.section("a mapping with ca and verify") else { return }
    if let authority = section.take("ca")?.pemFile(of: .certificates) {
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
