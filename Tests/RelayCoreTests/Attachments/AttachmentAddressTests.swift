import RelayCore
import Testing

@Suite struct AttachmentAddressTests {
  @Test(arguments: [
    ("https://files.example.com/a/b.pdf", "files.example.com", "b.pdf"),
    ("HTTPS://Files.Example.COM:8443/x?y=/z.png#k", "files.example.com", "x"),
    ("https://files.example.com./a%20b%C3%A9.pdf?token=1", "files.example.com", "a bé.pdf"),
    ("https://files.example.com/%2e%2e%2fetc%2fpasswd", "files.example.com", "..etcpasswd"),
    ("https://files.example.com/a%0D%0Ab%22c.txt", "files.example.com", "abc.txt"),
    ("https://files.example.com/%ff%zz", "files.example.com", "\u{FFFD}%zz"),
  ])
  func aLinkHasAHostAndAName(_ url: String, _ host: String, _ name: String) throws {
    let address = try #require(AttachmentAddress(url))
    #expect(address.host == host)
    #expect(address.name == name)
  }

  @Test(arguments: [
    "https://files.example.com", "https://files.example.com/", "https://files.example.com/..",
    "https://files.example.com/a/?name=x",
  ])
  func aPathWithoutALastPartHasNoName(_ url: String) throws {
    #expect(try #require(AttachmentAddress(url)).name == nil)
  }

  /// What two readers could take for two hosts.
  @Test(arguments: [
    "http://files.example.com/a", "ftp://files.example.com/a", "https:/files.example.com/a", "https:///a",
    "https://user@files.example.com/a", "https://files.example.com:pass@evil.example/a",
    "https://evil.example\\@files.example.com/a", "https://files.example.com\\.evil.example/a",
    "https://files.example.com:99999/a", "https://files.example.com:0/a", "https://files.example.com:x/a",
    "https://[::1]/a", "https://files..example.com/a", "https://.example.com/a",
    "https://files.example.com /a",
    "https://files.example.com/a b", "https://files.example.com/a\nb", "https://fíles.example.com/a", "files",
    "",
  ])
  func whatIsNoPlainHTTPSLinkIsNone(_ url: String) {
    #expect(AttachmentAddress(url) == nil)
  }

  @Test(arguments: [
    ("https://a.files.example.com/x", true), ("https://A.FILES.EXAMPLE.COM/x", true),
    ("https://files.example.com/x", false), ("https://files.example.com.evil.example/x", false),
    ("https://evilfiles.example.com/x", false), ("https://cdn.example.org/x", true),
    ("https://evil.example/.files.example.com", false), ("https://evil.example#.files.example.com", false),
  ])
  func onlyNamedHostsAreCovered(_ url: String, _ isCovered: Bool) throws {
    let policy = AttachmentPolicy(hosts: ["*.files.example.com", "cdn.example.org"])
    #expect(policy.covers(try #require(AttachmentAddress(url))) == isCovered)
  }

  @Test func aMarkIsFoundWhereverItStands() {
    for before in 0..<70 {
      for after in [0, 1, 15, 16, 17, 40] {
        let head = String(repeating: "\"", count: before)
        let tail = String(repeating: "e", count: after)
        #expect(FileMark.stands(in: Array((head + "\"file" + tail).utf8)))
        #expect(!FileMark.stands(in: Array((head + "\"fil_" + tail).utf8)))
      }
    }
    #expect(!FileMark.stands(in: []))
    #expect(!FileMark.stands(in: Array("\"fil".utf8)))
  }
}
