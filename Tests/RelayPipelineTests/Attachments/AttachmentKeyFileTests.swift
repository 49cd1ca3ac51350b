import Glibc
import RelayCore
import RelayHarness
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite struct AttachmentKeyFileTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/relay.db.attachments-key" }

  init() throws { folder = try TemporaryFolder() }

  private func load(seed: UInt64 = 1) throws(AttachmentKeyError) -> SigningSecret {
    var random = SplitMix64(seed: seed)
    return try AttachmentKeyFile(path: path).load(&random)
  }

  @Test func theKeyIsMadeOnceAndForItsOwnerAlone() throws {
    let made = try load()
    #expect(made.revealKey.count == 32 && Set(made.revealKey).count > 8)
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600 && status.st_size == 32)
    #expect(try load(seed: 2) == made, "later runs find it")
    #expect(access(path + ".new", F_OK) != 0)
  }

  /// A crash left a draft: it is no key.
  @Test func aDraftThatWasLeftIsNotTaken() throws {
    _ = try folder.write("half", to: "relay.db.attachments-key.new")
    #expect(try load().revealKey.count == 32)
  }

  @Test func aKeyThatOthersMayReadIsRefused() throws {
    _ = try load()
    chmod(path, 0o644)
    #expect { try load() } throws: { "\($0)".contains("others may read") }
  }

  @Test(arguments: [0, 31, 33]) func whatHasNotItsSizeIsNoKey(size: Int) throws {
    _ = try folder.write(String(repeating: "x", count: size), to: "relay.db.attachments-key")
    chmod(path, 0o600)
    #expect { try load() } throws: { "\($0)".contains("is not a key of 32 bytes") }
  }

  @Test func aLinkIsNotFollowed() throws {
    let other = try folder.write(String(repeating: "x", count: 32), to: "other")
    chmod(other, 0o600)
    #expect(symlink(other, path) == 0)
    #expect { try load() } throws: { "\($0)".contains("no file of its own") }
  }

  @Test func withoutItsFolderItSaysSo() {
    let file = AttachmentKeyFile(path: folder.path + "/none/key")
    var random = SplitMix64(seed: 1)
    #expect { try file.load(&random) } throws: { "\($0)".contains("can't be written") }
  }
}
