import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite struct AttachmentSignerTests {
  private static let event = EventID("evt_0193b0a0-7c1d-7abc-8def-0123456789ab")!
  private static let link = AttachmentLink(event: event, place: 1, until: 1_767_225_600)
  private static let before = Timestamp(microseconds: 1_767_225_599_000_000)

  private let signer = AttachmentSigner(key: SigningSecret(key: Array(0..<32)))

  @Test func aLinkSaysWhatItGivesAndIsKnownAgain() throws {
    let target = signer.target(of: Self.link)
    #expect(
      try
        #/\/files\/evt_0193b0a0-7c1d-7abc-8def-0123456789ab\/1\?until=1767225600&signature=[A-Za-z0-9_-]{43}/#
        .wholeMatch(in: target) != nil)
    #expect(signer.check(target, at: Self.before) == .valid(Self.link))
  }

  @Test func itEndsWithItsTime() {
    let target = signer.target(of: Self.link)
    #expect(signer.check(target, at: Self.before.advanced(by: .milliseconds(999))) == .valid(Self.link))
    #expect(signer.check(target, at: Self.before.advanced(by: .seconds(1))) == .ended)
    #expect(signer.check(target, at: .distantFuture) == .ended)
  }

  @Test func noByteOfItCanBeAnother() {
    let target = Array(signer.target(of: Self.link).utf8)
    for place in target.indices {
      for byte in Array("0aZ_-/?&=%. ".utf8) where byte != target[place] {
        var changed = target
        changed[place] = byte
        let check = signer.check(String(decoding: changed, as: UTF8.self), at: Self.before)
        #expect(check == .wrong || check == .noLink, "\(place)")
      }
    }
    for count in 0..<target.count {
      let check = signer.check(String(decoding: target.prefix(count), as: UTF8.self), at: Self.before)
      #expect(check == .wrong || check == .noLink)
    }
  }

  /// Each part is bound: a signature for one event, place or end is none for another.
  @Test func aSignatureIsForOneLinkOnly() {
    let signature = signer.target(of: Self.link).split(separator: "signature=")[1]
    let others = [
      AttachmentLink(event: Self.event.advanced(by: 1), place: 1, until: 1_767_225_600),
      AttachmentLink(event: Self.event, place: 0, until: 1_767_225_600),
      AttachmentLink(event: Self.event, place: 1, until: 1_767_225_601),
    ]
    for other in others {
      let target = "\(other.path)?until=\(other.until)&signature=\(signature)"
      #expect(signer.check(target, at: Self.before) == .wrong)
      #expect(signer.check(signer.target(of: other), at: Self.before) == .valid(other))
    }
    let stranger = AttachmentSigner(key: SigningSecret(key: Array(1...32)))
    #expect(stranger.check(signer.target(of: Self.link), at: Self.before) == .wrong)
  }

  /// A wrong one is told nothing of when the right one ends.
  @Test func aWrongSignatureIsWrongAlsoWhenItsTimeIsOver() {
    let target = signer.target(of: Self.link).dropLast() + "!"
    #expect(signer.check(String(target), at: .distantFuture) == .wrong)
  }

  @Test(arguments: [
    "/", "", "/files", "/files/", "/files/evt_0193b0a0-7c1d-7abc-8def-0123456789ab",
    "/files/evt_0193b0a0-7c1d-7abc-8def-0123456789ab/", "/files/evt_0193b0a0-7c1d-7abc-8def-0123456789ab/01",
    "/files/evt_0193b0a0-7c1d-7abc-8def-0123456789ab/-1",
    "/files/evt_0193b0a0-7c1d-7abc-8def-0123456789ab/32",
    "/files/evt_0193b0a0-7c1d-7abc-8def-0123456789ab/1/",
    "/files/evt_0193b0a0-7c1d-7abc-8def-0123456789ab/1/2",
    "/files/EVT_0193b0a0-7c1d-7abc-8def-0123456789ab/1", "/files/evt_0193B0A0-7c1d-7abc-8def-0123456789ab/1",
    "/files//1", "/files/../files/evt_0193b0a0-7c1d-7abc-8def-0123456789ab/1", "/FILES/x/1",
    "/files/evt_0193b0a0-7c1d-7abc-8def-0123456789ab%2F1",
    "//files/evt_0193b0a0-7c1d-7abc-8def-0123456789ab/1",
    "http://relay/files/evt_0193b0a0-7c1d-7abc-8def-0123456789ab/1", "*",
  ]) func otherPathsAreNoLinks(path: String) {
    let query = signer.target(of: Self.link).split(separator: "?")[1]
    #expect(signer.check(path, at: Self.before) == .noLink)
    #expect(signer.check("\(path)?\(query)", at: Self.before) == .noLink)
  }

  @Test(arguments: [
    "", "?", "?until=1767225600", "?until=1767225600&signature=", "?signature=x&until=1767225600",
    "?until=&signature=x",
    "?until=99999999999999999999&signature=x",
  ]) func aFilesPathWithoutItsSignatureIsWrong(query: String) {
    #expect(signer.check(Self.link.path + query, at: Self.before) == .wrong)
  }

  @Test func theSameLinkInAnotherSpellingIsWrong() {
    let target = signer.target(of: Self.link)
    for other in [
      target + "&x=1", target + "#x", target.replacing("until=", with: "until=+"),
      target.replacing("until=", with: "until=0"), target + "=", target.replacing("?", with: "??"),
    ] { #expect(signer.check(other, at: Self.before) == .wrong) }
  }

  @Test func theKeyIsNeverShown() {
    #expect(!"\(signer)".contains("31") && "\(signer)".contains("[secret]"))
  }
}
