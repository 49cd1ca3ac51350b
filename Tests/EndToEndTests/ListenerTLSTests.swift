import Foundation
import RelayHarness
import RelayTestSupport
import RelayTools
import Testing

/// `server.tls`, with libcurl on the other side.
@Suite(.timeLimit(.minutes(15))) struct ListenerTLSTests {
  @Test func aRelaySendsToOneThatSpeaksTLSBeforeAndAfterItsCertificateIsRenewed() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    let authority = try TestAuthority()
    let (pair, renewed) = (try authority.issue("relay"), try authority.issue("renewed"))
    let secured = try Setting(
      """
      server:
        listen: 127.0.0.1:0
        admin: 127.0.0.1:0
        tls: { certificate: \(pair.certificate), key: \(pair.key) }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(address)/" } }
      routes: [{ name: all, to: crm }]
      """)
    let receiving = try secured.start()
    let plain = try #require(receiving.ingestURL())
    let sender = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      destinations:
        next: { url: "\(plain.replacing("http://", with: "https://"))/huggy", tls: { ca: \(authority.own.certificate) } }
      routes: [{ name: all, to: next }]
      """)
    func send(_ id: Int) throws {
      let sending = try sender.start()
      let url = try #require(sending.ingestURL())
      let body = #"{"messages":{"createdChat":[{"id":\#(id)}]}}"#
      #expect(try post(Array(body.utf8), to: url + "/huggy").status == 200)
      #expect(received.wait { $0.count == id })
      sending.send(signal: SIGTERM)
      #expect(sending.waitForExit() == 0)
    }
    try send(1)

    try replace(pair.certificate, by: renewed.certificate)
    try replace(pair.key, by: renewed.key)
    #expect(receiving.waitForLine(containing: "the files have changed, and are taken") != nil)
    try send(2)

    let person = try #require(Operator(receiving))
    #expect(throws: (any Error).self) { try post(Array("{}".utf8), to: plain + "/huggy") }
    let told = try await eventually {
      try person.run("rejections").output
    } until: {
      !$0.isEmpty
    }
    #expect(told.contains("must begin with https://"))
    receiving.send(signal: SIGTERM)
    #expect(receiving.waitForExit() == 0)
    await sink.stop()
  }

  private func replace(_ file: String, by other: String) throws {
    try FileManager.default.removeItem(atPath: file)
    try FileManager.default.copyItem(atPath: other, toPath: file)
  }

  @Test func checkSaysWhereKeyAndCertificateDoNotFit() throws {
    let authority = try TestAuthority()
    let (one, other) = (try authority.issue("one"), try authority.issue("other"))
    let setting = try Setting(
      """
      server: { tls: { certificate: \(one.certificate), key: \(other.key) } }
      sources: { huggy: {} }
      """)
    let checked = try Setting.run(["check", "--config", setting.configuration])
    #expect(checked.status == 78)
    #expect(checked.errors.contains(":1:16: server.tls: key: "))
    #expect(checked.errors.contains("is not the key of the first certificate in"))
  }
}
