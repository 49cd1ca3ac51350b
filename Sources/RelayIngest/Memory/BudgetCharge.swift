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
