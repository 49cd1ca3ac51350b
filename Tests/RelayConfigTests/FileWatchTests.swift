import RelaySystem
import Testing

@testable import RelayConfig

@Suite struct FileWatchTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    for name in ["a", "b", "listener"] { try directory.write("1", to: name) }
  }

  private func path(_ name: String) -> String { "\(directory.path)/\(name)" }

  private func version(_ name: String) -> FileVersion? { FileVersion(path: path(name)) }

  private var versions: [FileVersion?] { ["a", "b", "listener"].map(version) }

  private func watch() throws -> FileWatch {
    FileWatch(
      try ["a", "b", "listener"].map {
        ReferencedFile(path: path($0), version: try #require(version($0)), isListeners: $0 == "listener")
      })
  }

  @Test func whatIsAsItWasIsNoReason() throws {
    var watch = try watch()
    #expect(watch.looked(versions) == .nothing)
    // A look that began before another configuration was taken.
    #expect(watch.looked([]) == .nothing)
  }

  @Test func aChangeIsTakenOnceTwoLooksFindTheSame() throws {
    var watch = try watch()
    try directory.write("22", to: "b")
    #expect(watch.looked(versions) == .lookAgain)
    // It is still being written.
    try directory.write("333", to: "b")
    #expect(watch.looked(versions) == .lookAgain)
    #expect(watch.looked(versions) == .reload([path("b")]))
    watch.took(try self.watch().files)
    #expect(watch.looked(versions) == .nothing)
  }

  @Test func whatIsBackBeforeItIsTakenIsNoReason() throws {
    let before = versions
    var watch = try watch()
    try directory.write("22", to: "a")
    #expect(watch.looked(versions) == .lookAgain)
    #expect(watch.looked(before) == .nothing)
    #expect(watch.looked(versions) == .lookAgain)
  }

  @Test func whatIsOfNoUseIsTriedOncePerStateOfTheFiles() throws {
    let before = versions
    var watch = try watch()
    try directory.write("", to: "a")
    #expect(watch.looked(versions) == .lookAgain && watch.looked(versions) == .reload([path("a")]))
    watch.refuse()
    #expect(watch.looked(versions) == .nothing)
    // A reload that somebody asks for, and that fails too, changes nothing.
    watch.refuse()
    #expect(watch.looked(versions) == .nothing)
    try directory.write("22", to: "b")
    #expect(watch.looked(versions) == .lookAgain && watch.looked(versions) == .reload([path("b")]))
    watch.refuse()
    // As it was when all was well: what has failed is over.
    #expect(watch.looked(before) == .lookAgain)
    #expect(watch.looked(before) == .reload([path("a"), path("b")]))
  }

  @Test func aFileThatIsGoneIsAChange() throws {
    var watch = try watch()
    var gone = versions
    gone[1] = nil
    #expect(watch.looked(gone) == .lookAgain && watch.looked(gone) == .reload([path("b")]))
  }

  @Test func whatTheListenerTakesByItselfIsNoReasonUnlessItMayBeWhatWasWrong() throws {
    var watch = try watch()
    try directory.write("22", to: "listener")
    #expect(watch.looked(versions) == .nothing)
    try directory.write("22", to: "a")
    _ = watch.looked(versions)
    #expect(watch.looked(versions) == .reload([path("a"), path("listener")]))
    watch.refuse()
    try directory.write("333", to: "listener")
    #expect(watch.looked(versions) == .lookAgain && watch.looked(versions) == .reload([path("listener")]))
  }

  // MARK: What a configuration is read from

  private func files(_ text: String) throws -> [ReferencedFile] {
    try loader().checked(text: text, directory: directory.path).files
  }

  @Test func eachFileIsNotedOnceAsItIs() throws {
    let key = ##""${file:a}""##
    try directory.write("2", to: "b")
    let found = try files(
      "sources: { huggy: { token: [\(key), { value: \"${file:b}\" }] } }\n"
        + "destinations: { crm: { url: \"http://x\", headers: { X: \(key) } } }")
    #expect(
      found == [
        ReferencedFile(path: path("a"), version: try #require(version("a"))),
        ReferencedFile(path: path("b"), version: try #require(version("b"))),
      ])
  }

  @Test func theListenersFilesAreToldApart() throws {
    try directory.write("-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n", to: "pem")
    let found = try files(
      """
      server: { tls: { certificate: pem, key: pem } }
      sources: { huggy: { token: t } }
      """)
    #expect(found.map(\.isListeners) == [true])
    let both = try files(
      """
      server: { tls: { certificate: pem, key: pem } }
      sources: { huggy: { token: t } }
      destinations: { crm: { url: "https://crm.example", tls: { ca: pem } } }
      """)
    #expect(both.map(\.isListeners) == [false])
  }

  @Test func aPipeIsNotLookedAtAgain() throws {
    #expect(try files("sources: { huggy: { token: \"${file:/dev/null}t\" } }").isEmpty)
  }
}
