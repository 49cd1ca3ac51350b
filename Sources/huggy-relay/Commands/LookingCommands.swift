import ArgumentParser
import Foundation
import RelayAdmin
import RelayCore
import RelayPipeline
import RelayText

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how a running relay is: its destinations, routes, store and configuration.")

  @OptionGroup var options: AdminOptions

  func run() throws {
    let client = options.client()
    let json = try client.get("/api/v1/status")
    try options.show(json) { pen in
      StatusText.render(
        try client.decode(StatusAnswer.self, from: json), now: SystemWallClock().now(), pen: pen)
    }
  }
}

struct EventCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "event",
    abstract: "Say what became of an event: which destinations got it, and why the others did not.")

  @Argument(help: "The event's id: evt_…, as the answer to the sender and the webhook-id header have it.")
  var id: String

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard EventID(id) != nil else { throw ValidationError("'\(id)' is not an event's id: evt_ and a UUID") }
  }

  func run() throws {
    let client = options.client(why)
    let json = try client.get("/api/v1/events/\(id.percentEncoded)")
    try options.show(json) { pen in
      EventText.render(
        try client.decode(EventAnswer.self, from: json), now: SystemWallClock().now(), pen: pen)
    }
  }
}

struct Deliveries: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List deliveries of a running relay, newest first: the dead letters with --state dead.",
    discussion: "With --json each page of the API is a line.")

  @Option(name: .long, help: "Those in this state.")
  var state: DeliveryFilter.State?

  @OptionGroup var filter: FilterOptions

  @Option(name: .long, help: "At most so many. Default: 50.")
  var limit: Int?

  @Flag(name: .long, help: "All that there are.")
  var all = false

  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit is above 0") }
    guard limit == nil || !all else { throw ValidationError("--limit and --all exclude each other") }
  }

  func run() throws {
    let client = options.client()
    var left = all ? Int.max : limit ?? 50
    var shown = 0
    var input = DeliveriesInput()
    input.state = state
    input.filter = filter.input()
    repeat {
      input.limit = min(left, 500)
      let json = try client.get("/api/v1/deliveries", input)
      let page = try client.decode(DeliveriesAnswer.self, from: json)
      // A page may be empty and yet not be the last.
      if options.json || !page.deliveries.isEmpty {
        try options.show(json) { pen in
          DeliveriesText.render(
            page.deliveries, now: SystemWallClock().now(), pen: pen, showsTitles: shown == 0)
        }
      }
      shown += page.deliveries.count
      left -= page.deliveries.count
      input.after = page.next
    } while left > 0 && input.after != nil
    if options.json { return }
    if shown == 0 { printError("no delivery matches") }
    if input.after != nil { printError("there may be more: see --limit and --all") }
  }
}
