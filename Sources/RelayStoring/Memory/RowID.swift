import RelayCore

/// The number of a row in the table that `Table` stands for, so that numbers of two tables can't be mistaken for each other.
/// A delivery's is its `DeliveryID`.
package struct RowID<Table>: Hashable, Comparable, CustomStringConvertible {
  package let rawValue: Int64

  package init(rawValue: Int64) { self.rawValue = rawValue }

  package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// The row that many places after this one, which may not exist.
  package func advanced(by places: Int) -> Self { Self(rawValue: rawValue + Int64(places)) }

  package var description: String { String(rawValue) }
}

/// Stand for the tables in the types of their rows' numbers. None has a value.
package enum Tables {
  package enum Source {}
  package enum Destination {}
  package enum Route {}
  package enum Configuration {}
  package enum Envelope {}
  package enum Event {}
}

package typealias SourceRowID = RowID<Tables.Source>
package typealias DestinationRowID = RowID<Tables.Destination>
package typealias RouteRowID = RowID<Tables.Route>
package typealias ConfigurationRowID = RowID<Tables.Configuration>
package typealias EnvelopeRowID = RowID<Tables.Envelope>
package typealias EventRowID = RowID<Tables.Event>

extension DeliveryID {
  /// The row after this one, which may not exist.
  package var next: DeliveryID { DeliveryID(rawValue: rawValue + 1) }
}
