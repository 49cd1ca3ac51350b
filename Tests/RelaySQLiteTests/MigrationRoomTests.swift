import Testing

@testable import RelaySQLite

struct MigrationRoomTests {
  private static let store = 800 << 20

  @Test func aCopyNeedsAsMuchAsTheStoreAndAnEighthForTheChange() {
    let room = MigrationRoom(storeBytes: Self.store, rewritesEvents: false)
    #expect(room.neededBytes == 900 << 20)
  }

  @Test func sharedBlocksTakeNoRoom() {
    let room = MigrationRoom(storeBytes: Self.store, isShared: true, rewritesEvents: false)
    #expect(room.neededBytes == 100 << 20)
  }

  @Test func eventsThatAreWrittenAnewNeedTheirRoomAgain() {
    #expect(MigrationRoom(storeBytes: Self.store, rewritesEvents: true).neededBytes == 1_700 << 20)
    let shared = MigrationRoom(storeBytes: Self.store, isShared: true, rewritesEvents: true)
    #expect(shared.neededBytes == 900 << 20)
  }

  @Test func aSmallStoreNeedsRoomForItsLogAllTheSame() {
    #expect(MigrationRoom(storeBytes: 4_096, rewritesEvents: false).neededBytes == 4_096 + (16 << 20))
  }

  @Test func itFitsWhereThatMuchIsFreeAndNotWithAByteLess() {
    let room = MigrationRoom(storeBytes: Self.store, rewritesEvents: false)
    #expect(room.fits(DiskSpace(available: room.neededBytes, total: 1 << 40)))
    #expect(!room.fits(DiskSpace(available: room.neededBytes - 1, total: 1 << 40)))
  }
}
