import Synchronization

/// The bytes that bodies may take, over all connections and event loops (`server.max_inflight`).
///
/// A quarter is reserved for bodies up to 64 KiB, so that senders that withhold the end of large ones can't
/// keep small ones out. Small bodies may use the other three quarters too; large bodies only those. Where three quarters
/// are less than the largest body, the reserve is what it leaves, so that one of them always has room.
///
/// Charges are capacities: what is allocated, not what is used.
final class InflightBudget: Sendable {
  static let smallBodyBytes = 64 << 10

  private let reservedLimit = Atomic<Int>(0)
  private let sharedLimit = Atomic<Int>(0)
  private let reservedBytes = Atomic<Int>(0)
  private let sharedBytes = Atomic<Int>(0)

  /// - Parameter largestBodyBytes: `server.max_body`.
  init(limitBytes: Int, largestBodyBytes: Int) {
    setLimit(bytes: limitBytes, largestBodyBytes: largestBodyBytes)
  }

  /// What is charged already stays, also where it is more.
  func setLimit(bytes: Int, largestBodyBytes: Int) {
    let largest = min(bytes, largestBodyBytes)
    // What decodes a body is charged as well.
    let shared = max(bytes - bytes / 4, largest + min(largest, Inflater.stateBytes))
    sharedLimit.store(shared, ordering: .relaxed)
    reservedLimit.store(max(0, bytes - shared), ordering: .relaxed)
  }

  /// What is charged now.
  var chargedBytes: Int {
    reservedBytes.load(ordering: .relaxed) + sharedBytes.load(ordering: .relaxed)
  }

  /// Brings `charge` up to `bytes`, moving it to the shared part where it must; false, and nothing changed,
  /// if there is no room.
  func grow(_ charge: inout BudgetCharge, to bytes: Int) -> Bool {
    let more = bytes - charge.bytes
    guard more > 0 else { return true }
    if bytes <= Self.smallBodyBytes, charge.pool == .reserved {
      if Self.take(more, of: reservedLimit.load(ordering: .relaxed), from: reservedBytes) {
        charge.bytes = bytes
        return true
      }
    }
    let fromShared = charge.pool == .shared ? more : bytes
    guard Self.take(fromShared, of: sharedLimit.load(ordering: .relaxed), from: sharedBytes) else {
      return false
    }
    if charge.pool == .reserved { release(charge) }
    charge = BudgetCharge(bytes: bytes, pool: .shared)
    return true
  }

  /// What an allocator gave beyond what was asked for is charged without asking.
  func add(_ bytes: Int, to charge: inout BudgetCharge) {
    switch charge.pool {
    case .reserved: reservedBytes.wrappingAdd(bytes, ordering: .relaxed)
    case .shared: sharedBytes.wrappingAdd(bytes, ordering: .relaxed)
    }
    charge.bytes += bytes
  }

  func release(_ charge: BudgetCharge) {
    guard charge.bytes > 0 else { return }
    switch charge.pool {
    case .reserved: reservedBytes.wrappingSubtract(charge.bytes, ordering: .relaxed)
    case .shared: sharedBytes.wrappingSubtract(charge.bytes, ordering: .relaxed)
    }
  }

  private static func take(_ bytes: Int, of limit: Int, from used: borrowing Atomic<Int>) -> Bool {
    var seen = used.load(ordering: .relaxed)
    while seen + bytes <= limit {
      let (exchanged, original) = used.weakCompareExchange(
        expected: seen, desired: seen + bytes, ordering: .relaxed)
      if exchanged { return true }
      seen = original
    }
    return false
  }
}

/// What one holder has taken from the budget; whoever holds it gives it back, once.
struct BudgetCharge: Sendable, Equatable {
  enum Pool: Sendable {
    /// The quarter for small bodies.
    case reserved
    /// The other three.
    case shared
  }

  var bytes = 0
  var pool = Pool.reserved
}
