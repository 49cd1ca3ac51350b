import RelayCore
import Testing

@testable import RelaySQLite

/// When the disk is said to have room, on file systems of several sizes.
struct DiskGuardTests {
  /// A file system, and the marks that go with it, in MiB.
  struct Case: CustomTestStringConvertible, Sendable {
    var total: Int
    var low: Int
    var reserve: Int

    var testDescription: String { "\(total) MiB" }
  }

  static let cases = [
    Case(total: 1 << 20, low: 32, reserve: 64), Case(total: 768, low: 32, reserve: 48),
    Case(total: 160, low: 10, reserve: 10), Case(total: 16, low: 1, reserve: 1),
  ]

  private func space(_ mebibytes: Int, of disk: Case, less bytes: Int = 0) -> DiskSpace {
    DiskSpace(available: mebibytes << 20 - bytes, total: disk.total << 20)
  }

  /// One that has made its reserve.
  private func ready(_ disk: Case) -> DiskGuard {
    var machine = DiskGuard()
    #expect(machine.look(space(disk.total, of: disk), reserved: 0) == .makeReserve)
    machine.reserveMade(.success(space(disk.total - disk.reserve, of: disk)))
    return machine
  }

  @Test(arguments: cases)
  func theReserveIsAsLargeAsTheDiskAllows(_ disk: Case) {
    let machine = ready(disk)
    #expect(machine.reserveBytes == disk.reserve << 20)
    #expect(machine.refusal == nil)
    #expect(machine.shortfall == 0)
  }

  @Test func theReserveIsAMebibyteAtLeast() {
    var machine = DiskGuard()
    _ = machine.look(DiskSpace(available: 4 << 20, total: 4 << 20), reserved: 0)
    #expect(machine.reserveBytes == 1 << 20)
  }

  @Test(arguments: cases)
  func envelopesAreRefusedBelowTheLowMarkAndTakenAgainAboveTheHighOne(_ disk: Case) {
    var machine = ready(disk)
    _ = machine.look(space(disk.low, of: disk), reserved: 0)
    #expect(machine.refusal == nil)
    _ = machine.look(space(disk.low, of: disk, less: 1), reserved: 0)
    #expect(machine.refusal?.code == .full)
    #expect(machine.shortfall == disk.low << 20 + 1)
    _ = machine.look(space(2 * disk.low, of: disk, less: 1), reserved: 0)
    #expect(machine.refusal != nil)
    _ = machine.look(space(2 * disk.low, of: disk), reserved: 0)
    #expect(machine.refusal == nil)
  }

  @Test(arguments: cases)
  func afterACommitFoundNoRoomTheReserveMustStandAgainFirst(_ disk: Case) {
    var machine = ready(disk)
    machine.filled()
    #expect(machine.refusal?.code == .full)
    #expect(!machine.hasReserve)
    // Making it leaves the low mark to those that settle.
    #expect(machine.look(space(disk.reserve + disk.low, of: disk, less: 1), reserved: 0) == .none)
    #expect(machine.look(space(disk.reserve + disk.low, of: disk), reserved: 0) == .makeReserve)
    machine.reserveMade(.success(space(disk.low, of: disk)))
    #expect(machine.hasReserve && machine.refusal != nil)
    #expect(machine.look(space(2 * disk.low, of: disk), reserved: 0) == .none)
    #expect(machine.refusal == nil)
  }

  @Test func aReserveThatCantBeMadeIsARefusalThatSaysWhy() {
    let disk = Self.cases[0]
    var machine = DiskGuard()
    _ = machine.look(space(1_000, of: disk), reserved: 0)
    let why = StoreError(code: .full, message: "not permitted")
    machine.reserveMade(.failure(why))
    #expect(machine.refusal == why)
    #expect(machine.look(space(1_000, of: disk), reserved: 0) == .makeReserve)
    machine.reserveMade(.success(space(936, of: disk)))
    #expect(machine.refusal == nil)
  }

  @Test func aReserveThatAnEarlierRunMadeStandsAlready() {
    let disk = Self.cases[0]
    var machine = DiskGuard()
    #expect(machine.look(space(40, of: disk), reserved: 64 << 20) == .none)
    #expect(machine.hasReserve && machine.refusal == nil)
    // Half of it counts for the other half.
    machine = DiskGuard()
    #expect(machine.look(space(64, of: disk), reserved: 32 << 20) == .makeReserve)
    #expect(machine.look(space(63, of: disk), reserved: 32 << 20) == .none)
  }

  @Test func theReasonSaysHowMuchIsLeftAndHowMuchIsNeededAndStaysTheSame() {
    var machine = ready(Self.cases[0])
    _ = machine.look(space(20, of: Self.cases[0]), reserved: 0)
    let reason =
      "the disk of the store has 20 MiB left; make room: envelopes are taken again once 64 MiB are free"
    #expect(machine.refusal?.message == reason)
    _ = machine.look(space(10, of: Self.cases[0]), reserved: 0)
    #expect(machine.refusal?.message == reason)
    machine.filled()
    #expect(
      machine.refusal?.message
        == "the disk of the store is full; make room: envelopes are taken again once 128 MiB are free")
  }
}
