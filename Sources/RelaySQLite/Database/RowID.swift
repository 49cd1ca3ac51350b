import RelayCore

/// The number of a row in the table that `Table` stands for, so that numbers of two tables can't be mistaken for each other.
/// A delivery's is its `DeliveryID`.
struct RowID<Table>: Hashable, Comparable, CustomStringConvertible {
  let rawValue: Int64

  init(rawValue: Int64) { self.rawValue = rawValue }

  static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// The row that many places after this one, which may not exist.
  func advanced(by places: Int) -> Self { Self(rawValue: rawValue + Int64(places)) }

  var description: String { String(rawValue) }
}

/// Stand for the tables in the types of their rows' numbers. None has a value.
enum Tables {
  enum Source {}
  enum Destination {}
  enum Route {}
  enum Configuration {}
  enum Envelope {}
  enum Event {}
}

typealias SourceRowID = RowID<Tables.Source>
typealias DestinationRowID = RowID<Tables.Destination>
typealias RouteRowID = RowID<Tables.Route>
typealias ConfigurationRowID = RowID<Tables.Configuration>
typealias EnvelopeRowID = RowID<Tables.Envelope>
typealias EventRowID = RowID<Tables.Event>

extension DeliveryID {
  /// The row after this one, which may not exist.
  var next: DeliveryID { DeliveryID(rawValue: rawValue + 1) }
}
