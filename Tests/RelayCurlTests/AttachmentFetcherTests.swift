import Foundation
import RelayCore
import RelayHarness
import RelayThreads
import Testing

@testable import RelayCurl

/// Over real TLS to a server on loopback, which must be allowed for that.
@Suite(.timeLimit(.minutes(15))) struct AttachmentFetcherTests {
  private let certificates: Certificates
  private let fetcher: CurlAttachmentFetcher

  init() throws {
    let certificates = try Certificates.shared.get()
    self.certificates = certificates
    fetcher = CurlAttachmentFetcher(
      trust: SystemTrust(
        variable: { ["SSL_CERT_FILE": certificates.authorityFile, "SSL_CERT_DIR": "/nonexistent"][$0] },
        builtIn: AuthorityPlaces(file: nil, folders: nil)))
  }

  private struct Fetched: Sendable {
    var answer: AttachmentAnswer
    var bytes: [UInt8]
    var requests: [ServedRequest]
    var accepted: Int
  }

  private func fetch(
    allow: [String] = ["127.0.0.1"], maxBytes: Int = 1 << 20, timeout: Duration = .seconds(60),
    url change: (String) -> String = { $0 }, isWanted: @escaping @Sendable () -> Bool = { true },
    takes: Int = .max, _ reaction: @escaping TestServer.Script
  ) async throws -> Fetched {
    var fetched: Fetched?
    try await withServer(tls: try certificates.server(), script: reaction) { server in
      let url = change("https://127.0.0.1:\(server.port)/file?signature=s3cret")
      let host = HostPort(url: url)?.host ?? ""
      let request = AttachmentFetch(
        url: Secret(url), host: host,
        addressGuard: AddressGuard(allowed: allow.compactMap { AddressBlock($0) }),
        maxBytes: maxBytes, timeout: timeout)
      let bytes = Locked([UInt8]())
      let answer = await onThread { [fetcher] in
        fetcher.fetch(request, isWanted: isWanted) { piece in
          bytes.withLock { $0 += Array(piece) }
          return bytes.withLock { $0.count } < takes
        }
      }
      let log = server.log.value
      fetched = Fetched(
        answer: answer, bytes: bytes.withLock { $0 }, requests: log.requests, accepted: log.accepted)
    }
    return fetched!
  }

  @Test func aFileIsFetchedWhole() async throws {
    let body = String(repeating: "0123456789", count: 30_000)
    let fetched = try await fetch { _ in .answer(headers: "content-type: image/png\r\n", body: body) }
    #expect(fetched.answer == .whole(contentType: "image/png"))
    #expect(fetched.bytes == Array(body.utf8))
  }

  @Test func nothingIsSentThatSaysWhoAsks() async throws {
    let fetched = try await fetch { _ in .answer(headers: "set-cookie: a=b\r\n", body: "x") }
    let names = try #require(fetched.requests.first).headers.map { $0.name.lowercased() }
    #expect(Set(names).isSubset(of: ["host", "user-agent", "accept"]), "\(names)")
  }

  @Test func anAddressThatIsNotAllowedIsNeverConnectedTo() async throws {
    let fetched = try await fetch(allow: []) { _ in .answer(body: "secret") }
    #expect(fetched.answer == .refusedAddress("a loopback address"))
    #expect(fetched.accepted == 0)
  }

  @Test func aNameThatLeadsToLoopbackIsNotConnectedToEither() async throws {
    let fetched = try await fetch(
      allow: [], url: { $0.replacingOccurrences(of: "127.0.0.1", with: "localhost") }
    ) { _ in .answer(body: "secret") }
    #expect(fetched.answer == .refusedAddress("a loopback address"))
    #expect(fetched.accepted == 0)
  }

  @Test func aHostOtherThanTheOneThatWasReadIsNotAsked() async throws {
    try await withServer(tls: try certificates.server()) { server in
      let request = AttachmentFetch(
        url: Secret("https://127.0.0.1:\(server.port)/"), host: "files.example.com",
        addressGuard: AddressGuard(allowed: [AddressBlock("127.0.0.1")!]), maxBytes: 1, timeout: .seconds(60))
      let answer = await onThread { [fetcher] in
        fetcher.fetch(request, isWanted: { true }, take: { _ in true })
      }
      guard case .failed = answer else {
        Issue.record("\(answer)")
        return
      }
      #expect(server.log.value.accepted == 0)
    }
  }

  @Test func plainHTTPIsNotSpoken() async throws {
    let fetched = try await fetch(url: { $0.replacingOccurrences(of: "https:", with: "http:") }) { _ in
      .answer(body: "x")
    }
    guard case .failed = fetched.answer else {
      Issue.record("\(fetched.answer)")
      return
    }
    #expect(fetched.requests.isEmpty)
  }

  @Test func aServerThatNobodyVouchesForIsNotBelieved() async throws {
    let stranger = CurlAttachmentFetcher(
      trust: SystemTrust(
        variable: { [file = certificates.strangerFile] in
          ["SSL_CERT_FILE": file, "SSL_CERT_DIR": "/nonexistent"][$0]
        }, builtIn: AuthorityPlaces(file: nil, folders: nil)))
    try await withServer(tls: try certificates.server()) { server in
      let request = AttachmentFetch(
        url: Secret("https://127.0.0.1:\(server.port)/"), host: "127.0.0.1",
        addressGuard: AddressGuard(allowed: [AddressBlock("127.0.0.1")!]), maxBytes: 1, timeout: .seconds(60))
      let answer = await onThread { stranger.fetch(request, isWanted: { true }, take: { _ in true }) }
      guard case .failed(let why) = answer else {
        Issue.record("\(answer)")
        return
      }
      #expect(why.contains("certificate"), "\(why)")
      #expect(server.log.value.requests.isEmpty)
    }
  }

  @Test func redirectsAreToldAndNotFollowed() async throws {
    let fetched = try await fetch { request in
      request.number == 0 ? .answer(302, headers: "location: /other\r\n", body: "x") : .answer(body: "y")
    }
    guard case .status(302, let location?) = fetched.answer else {
      Issue.record("\(fetched.answer)")
      return
    }
    #expect(location.reveal.hasSuffix("/other"))
    #expect(location.reveal.hasPrefix("https://127.0.0.1:"))
    #expect(fetched.requests.count == 1)
    #expect(fetched.bytes.isEmpty)
  }

  @Test(arguments: [403, 404, 410, 500, 204])
  func anotherStatusBringsNoBytes(_ status: Int) async throws {
    let fetched = try await fetch { _ in .answer(status, body: status == 204 ? "" : "a page of the origin's")
    }
    #expect(fetched.answer == .status(status, location: nil))
    #expect(fetched.bytes.isEmpty)
  }

  @Test func whatSaysThatItIsTooLargeIsNotRead() async throws {
    let fetched = try await fetch(maxBytes: 10) { _ in .answer(body: String(repeating: "x", count: 11)) }
    #expect(fetched.answer == .tooLarge)
    #expect(fetched.bytes.isEmpty)
  }

  @Test func whatIsTooLargeWithoutSayingSoEndsAtTheLimit() async throws {
    let fetched = try await fetch(maxBytes: 10) { _ in
      .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n")
    }
    #expect(fetched.answer == .tooLarge)
    #expect(fetched.bytes.count <= 10)
  }

  @Test func whatIsShorterThanItSaysHasFailed() async throws {
    let fetched = try await fetch { _ in
      .send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort", then: .close)
    }
    guard case .failed(let why) = fetched.answer else {
      Issue.record("\(fetched.answer)")
      return
    }
    #expect(!why.contains("s3cret"))
  }

  @Test func chunksWithoutAnEndHaveFailed() async throws {
    let fetched = try await fetch { _ in
      .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n", then: .close)
    }
    guard case .failed = fetched.answer else {
      Issue.record("\(fetched.answer)")
      return
    }
  }

  @Test func anOriginThatStallsIsGivenUp() async throws {
    let fetched = try await fetch(timeout: .milliseconds(300)) { _ in .nothing }
    guard case .failed(let why) = fetched.answer else {
      Issue.record("\(fetched.answer)")
      return
    }
    #expect(!why.contains("s3cret"))
  }

  @Test func whatNobodyWantsAnyMoreEnds() async throws {
    let fetched = try await fetch(isWanted: { false }) { _ in .nothing }
    #expect(fetched.answer == .stopped)
    let full = try await fetch(takes: 1) { _ in .answer(body: "0123456789") }
    #expect(full.answer == .stopped)
  }

  @Test func aHeaderWithoutEndIsGivenUp() async throws {
    let line = "x-line: \(String(repeating: "x", count: 1_000))\r\n"
    let fetched = try await fetch { _ in
      .send("HTTP/1.1 200 OK\r\n\(String(repeating: line, count: 90))\r\n")
    }
    guard case .failed = fetched.answer else {
      Issue.record("\(fetched.answer)")
      return
    }
  }
}
