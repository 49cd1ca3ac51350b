import Testing

@Suite struct LimitErrorTests {
  static let keys = [
    FaultyConfiguration(
      "a rate without a time",
      destination("rate: 100"),
      [
        "5:11: destinations.crm.rate: '100' is not a rate; write a whole number and its time: 50/s, 600/m or 5000/h"
      ]),
    FaultyConfiguration(
      "a rate by the day",
      destination("rate: 100/d"),
      [
        "5:11: destinations.crm.rate: '100/d' is not a rate; write a whole number and its time: 50/s, 600/m or 5000/h"
      ]),
    FaultyConfiguration(
      "a rate with spaces",
      destination("rate: 100 / s"),
      [
        "5:11: destinations.crm.rate: '100 / s' is not a rate; write a whole number and its time: 50/s, 600/m or 5000/h"
      ]),
    FaultyConfiguration(
      "a rate with a fraction",
      destination("rate: 1.5/s"),
      [
        "5:11: destinations.crm.rate: '1.5/s' is not a rate; write a whole number and its time: 50/s, 600/m or 5000/h"
      ]),
    FaultyConfiguration(
      "a rate that is negative",
      destination("rate: -1/s"),
      [
        "5:11: destinations.crm.rate: '-1/s' is not a rate; write a whole number and its time: 50/s, 600/m or 5000/h"
      ]),
    FaultyConfiguration(
      "a rate without a number",
      destination("rate: /s"),
      [
        "5:11: destinations.crm.rate: '/s' is not a rate; write a whole number and its time: 50/s, 600/m or 5000/h"
      ]),
    FaultyConfiguration(
      "a rate of another word",
      destination("rate: none"),
      [
        "5:11: destinations.crm.rate: 'none' is not a rate; write a whole number and its time: 50/s, 600/m or 5000/h"
      ]),
    FaultyConfiguration(
      "a rate that is a list",
      destination("rate: [1/s]"),
      [
        "5:11: destinations.crm.rate: expected a rate such as 100/s, found a list"
      ]),
    FaultyConfiguration(
      "a rate of nothing",
      destination("rate: 0/s"),
      [
        "5:11: destinations.crm.rate: '0/s' has a number that is out of range; from 1 to 1000000"
      ]),
    FaultyConfiguration(
      "a rate too high",
      destination("rate: 1000001/h"),
      [
        "5:11: destinations.crm.rate: '1000001/h' has a number that is out of range; from 1 to 1000000"
      ]),
    FaultyConfiguration(
      "a rate beyond 64 bits",
      destination("rate: 99999999999999999999/s"),
      [
        "5:11: destinations.crm.rate: '99999999999999999999/s' has a number that is out of range; from 1 to 1000000"
      ]),
    FaultyConfiguration(
      "an unknown order",
      destination("order_by: time"),
      [
        "5:15: destinations.crm.order_by: 'time' is not an order; write none, chat or destination"
      ]),
    FaultyConfiguration(
      "an order that is a list",
      destination("order_by: [chat]"),
      [
        "5:15: destinations.crm.order_by: expected none, chat or destination, found a list"
      ]),
    FaultyConfiguration(
      "a circuit that is a text",
      destination("circuit: off"),
      [
        "5:14: destinations.crm.circuit: expected a mapping with failures and probe_every, found a single value"
      ]),
    FaultyConfiguration(
      "an unknown key of circuit",
      destination("circuit: { failure: 5 }"),
      [
        "5:16: destinations.crm.circuit.failure: unknown key 'failure'; did you mean 'failures'?"
      ]),
    FaultyConfiguration(
      "a circuit without a failure",
      destination("circuit: { failures: 0 }"),
      [
        "5:26: destinations.crm.circuit.failures: '0' is out of range; from 1 to 1000"
      ]),
    FaultyConfiguration(
      "a circuit of too many failures",
      destination("circuit: { failures: 1001 }"),
      [
        "5:26: destinations.crm.circuit.failures: '1001' is out of range; from 1 to 1000"
      ]),
    FaultyConfiguration(
      "connections that are hardly kept",
      destination("max_idle: 999ms"),
      [
        "5:15: destinations.crm.max_idle: '999ms' is too short; at least 1s"
      ]),
    FaultyConfiguration(
      "probes too often",
      destination("circuit: { probe_every: 99ms }"),
      [
        "5:29: destinations.crm.circuit.probe_every: '99ms' is too short; at least 100ms"
      ]),
    FaultyConfiguration(
      "probes without a unit",
      destination("circuit: { probe_every: 10 }"),
      [
        "5:29: destinations.crm.circuit.probe_every: '10' is not a duration; write a whole number and its unit: 250ms, 5s, 10m, 24h or 7d"
      ]),
    FaultyConfiguration(
      "a backlog without a unit",
      destination("max_backlog: 50"),
      [
        "5:18: destinations.crm.max_backlog: '50' is neither a share nor a size; write a share of max_size such as 50%, or a size such as 2GiB"
      ]),
    FaultyConfiguration(
      "a backlog in decimal units",
      destination("max_backlog: 2GB"),
      [
        "5:18: destinations.crm.max_backlog: '2GB' is neither a share nor a size; write a share of max_size such as 50%, or a size such as 2GiB"
      ]),
    FaultyConfiguration(
      "a share with a fraction",
      destination("max_backlog: 12.5%"),
      [
        "5:18: destinations.crm.max_backlog: '12.5%' is neither a share nor a size; write a share of max_size such as 50%, or a size such as 2GiB"
      ]),
    FaultyConfiguration(
      "a share without a number",
      destination("max_backlog: \"%\""),
      [
        "5:18: destinations.crm.max_backlog: '%' is neither a share nor a size; write a share of max_size such as 50%, or a size such as 2GiB"
      ]),
    FaultyConfiguration(
      "a share of nothing",
      destination("max_backlog: 0%"),
      [
        "5:18: destinations.crm.max_backlog: '0%' is out of range; from 1% to 100%"
      ]),
    FaultyConfiguration(
      "a share of more than all",
      destination("max_backlog: 101%"),
      [
        "5:18: destinations.crm.max_backlog: '101%' is out of range; from 1% to 100%"
      ]),
    FaultyConfiguration(
      "a backlog too small",
      destination("max_backlog: 1023B"),
      [
        "5:18: destinations.crm.max_backlog: '1023B' is too small; at least 1KiB"
      ]),
    FaultyConfiguration(
      "a backlog too large",
      destination("max_backlog: 1048577GiB"),
      [
        "5:18: destinations.crm.max_backlog: '1048577GiB' is too large; at most 1048576GiB"
      ]),
    FaultyConfiguration(
      "a backlog that is a mapping",
      destination("max_backlog: { share: 50% }"),
      [
        "5:18: destinations.crm.max_backlog: expected a share such as 50%, or a size, found a mapping"
      ]),
    FaultyConfiguration(
      "a batch that is a boolean",
      destination("batch: true"),
      [
        "5:12: destinations.crm.batch: 'true' is not a batch; write { max_events: 50 }, {} or off"
      ]),
    FaultyConfiguration(
      "a batch that is a number",
      destination("batch: 50"),
      [
        "5:12: destinations.crm.batch: '50' is not a batch; write { max_events: 50 }, {} or off"
      ]),
    FaultyConfiguration(
      "a batch that is a list",
      destination("batch: [50]"),
      [
        "5:12: destinations.crm.batch: expected a mapping with max_events, max_bytes and max_wait ({} for the defaults), "
          + "or off, found a list"
      ]),
    FaultyConfiguration(
      "a batch of nothing",
      destination("batch:"),
      [
        "5:5: destinations.crm.batch: expected a mapping with max_events, max_bytes and max_wait ({} for the defaults), "
          + "or off, found nothing; give a value or remove the key"
      ]),
    FaultyConfiguration(
      "an unknown key of batch",
      destination("batch: { max_event: 5 }"),
      [
        "5:14: destinations.crm.batch.max_event: unknown key 'max_event'; did you mean 'max_events'?"
      ]),
    FaultyConfiguration(
      "a batch without an event",
      destination("batch: { max_events: 0 }"),
      [
        "5:26: destinations.crm.batch.max_events: '0' is out of range; from 1 to 100"
      ]),
    FaultyConfiguration(
      "a batch of too many events",
      destination("batch: { max_events: 101 }"),
      [
        "5:26: destinations.crm.batch.max_events: '101' is out of range; from 1 to 100"
      ]),
    FaultyConfiguration(
      "a batch that is too small",
      destination("batch: { max_bytes: 1023B }"),
      [
        "5:25: destinations.crm.batch.max_bytes: '1023B' is too small; at least 1KiB"
      ]),
    FaultyConfiguration(
      "a batch that is too large",
      destination("batch: { max_bytes: 17MiB }"),
      [
        "5:25: destinations.crm.batch.max_bytes: '17MiB' is too large; at most 16MiB"
      ]),
    FaultyConfiguration(
      "a batch that waits for too long",
      destination("batch: { max_wait: 61s }"),
      [
        "5:24: destinations.crm.batch.max_wait: '61s' is too long; at most 1m"
      ]),
    FaultyConfiguration(
      "a batch whose wait has no unit",
      destination("batch: { max_wait: 0 }"),
      [
        "5:24: destinations.crm.batch.max_wait: '0' is not a duration; write a whole number and its unit: 250ms, 5s, 10m, 24h or 7d"
      ]),
    FaultyConfiguration(
      "a pause that is yes",
      destination("paused: yes"),
      [
        "5:13: destinations.crm.paused: 'yes' is not a boolean here; write true"
      ]),
    FaultyConfiguration(
      "a pause until a time",
      destination("paused: until monday"),
      [
        "5:13: destinations.crm.paused: 'until monday' is not a boolean; write true or false"
      ]),
  ]

  @Test(arguments: keys)
  func everyFaultOfADestinationsLimitsIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }
}
