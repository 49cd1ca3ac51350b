import RelayCore

/// Every statement of lookups, prepared once. Each walk is a page with a limit; a test asserts each one's plan.
final class LookupStatements {
  let destinations: Statement
  let destinationByName: Statement
  let placeByRow: Statement
  let routeName: Statement
  let eventByRow: Statement
  let deliveriesOfEvent: Statement
  let deliveryByRow: Statement
  let failures: Statement
  let headOfKey: Statement
  let deadBefore: Statement
  let freshBefore: Statement
  let retryingBefore: Statement
  let waitingBefore: Statement
  let unlistedBefore: Statement
  let allBefore: Statement
  let reroutedBefore: Statement
  let oldestFresh: Statement
  let oldestRetrying: Statement
  let oldestWaiting: Statement
  let unlisted: Statement
  let receivedFrom: Statement
  let received: Statement
  let newestDelivery: Statement

  init(_ connection: Connection) throws(StoreError) {
    destinations = try connection.prepare("SELECT id, name FROM destination")
    destinationByName = try connection.prepare("SELECT id FROM destination WHERE name = ?1")
    placeByRow = try connection.prepare(
      """
      SELECT d.id, t.name, d.state, d.reason, e.type, v.received
      FROM delivery d CROSS JOIN destination t ON t.id = d.destination CROSS JOIN event e ON e.id = d.event
        CROSS JOIN envelope v ON v.id = e.envelope
      WHERE d.id = ?1
      """)
    routeName = try connection.prepare("SELECT name FROM route WHERE id = ?1")
    eventByRow = try connection.prepare(
      """
      SELECT e.uuid, e.type, s.name, e.company, e.channel, e.chat, v.received, c.hash, e.routes, e.dropped, e.body
      FROM event e CROSS JOIN envelope v ON v.id = e.envelope CROSS JOIN source s ON s.id = v.source
        CROSS JOIN configuration c ON c.id = coalesce(e.configuration, v.configuration)
      WHERE e.id = ?1
      """)
    deliveriesOfEvent = try connection.prepare(
      """
      SELECT d.id FROM event e
      CROSS JOIN delivery d ON d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries WHERE e.id = ?1
      ORDER BY d.id
      """)
    deliveryByRow = try connection.prepare(
      """
      SELECT d.id, e.uuid, e.type, v.received, t.name, r.name, c.hash, d.run, d.state, d.attempts, d.due, d.settled,
        d.reason, d.last_at, d.last_duration, d.last_status, d.last_error, d.destination, d.order_key
      FROM delivery d CROSS JOIN event e ON e.id = d.event CROSS JOIN envelope v ON v.id = e.envelope
        CROSS JOIN destination t ON t.id = d.destination CROSS JOIN route r ON r.id = d.route
        CROSS JOIN configuration c ON c.id = coalesce(e.configuration, v.configuration)
      WHERE d.id = ?1
      """)
    failures = try connection.prepare(
      "SELECT attempt, at, duration, status, error, answer FROM failure WHERE delivery = ?1 ORDER BY attempt")
    headOfKey = try connection.prepare(
      """
      SELECT id FROM delivery
      WHERE destination = ?1 AND order_key = ?2 AND order_key IS NOT NULL AND state < 3 ORDER BY id LIMIT 1
      """)
    // Of one destination in one state, newest first: before ?2, not before ?3, at most ?4.
    // Named, since retrying ones stand in two indexes, and only in this one in order of arrival.
    let listed = "delivery INDEXED BY delivery_listed"
    func page(_ condition: String) throws(StoreError) -> Statement {
      try connection.prepare(
        """
        SELECT id FROM \(listed) WHERE destination = ?1 AND \(condition) AND id < ?2 AND id >= ?3
        ORDER BY id DESC LIMIT ?4
        """)
    }
    deadBefore = try page("state = 4")
    freshBefore = try page("state = 0")
    retryingBefore = try page("state = 1")
    waitingBefore = try page("state = 2")
    unlistedBefore = try connection.prepare(
      """
      SELECT id, destination, state, NULL FROM delivery
      WHERE id < ?1 AND id >= max(?2, (SELECT first FROM unlisted)) AND state = -1 ORDER BY id DESC LIMIT ?3
      """)
    allBefore = try connection.prepare(
      """
      SELECT id, destination, state, reason FROM delivery WHERE id < ?1 AND id >= ?2 ORDER BY id DESC LIMIT ?3
      """)
    // The index holds few, if any.
    reroutedBefore = try connection.prepare(
      """
      SELECT id, destination, state, reason FROM delivery INDEXED BY delivery_rerouted
      WHERE arrived IS NOT NULL AND id < ?1 AND id >= ?2 ORDER BY id DESC LIMIT ?3
      """)
    func oldest(_ condition: String) throws(StoreError) -> Statement {
      try connection.prepare(
        "SELECT id FROM \(listed) WHERE destination = ?1 AND \(condition) ORDER BY id LIMIT 1")
    }
    oldestFresh = try oldest("state = 0")
    oldestRetrying = try oldest("state = 1")
    oldestWaiting = try oldest("state = 2")
    unlisted = try connection.prepare(
      """
      SELECT id, destination FROM delivery WHERE id >= (SELECT first FROM unlisted) AND state = -1 ORDER BY id
      """)
    receivedFrom = try connection.prepare(
      """
      SELECT d.id, coalesce(d.arrived, v.received)
      FROM delivery d CROSS JOIN event e ON e.id = d.event CROSS JOIN envelope v ON v.id = e.envelope
      WHERE d.id >= ?1 ORDER BY d.id LIMIT 1
      """)
    received = try connection.prepare(
      """
      SELECT v.received
      FROM delivery d CROSS JOIN event e ON e.id = d.event CROSS JOIN envelope v ON v.id = e.envelope
      WHERE d.id = ?1
      """)
    newestDelivery = try connection.prepare("SELECT max(id) FROM delivery")
  }
}

@available(*, unavailable)
extension LookupStatements: Sendable {}
