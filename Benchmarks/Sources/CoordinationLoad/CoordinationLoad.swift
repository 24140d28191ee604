// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import NIOCore

/// Drives one cluster over its public API and prints what it measured as one line of JSON.
@main
struct CoordinationLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordination-load",
        abstract: "Drive etcd or Tarn over its own public API, with equal clients.",
        subcommands: [Load.self, Watch.self, Kill.self, Transfer.self, First.self, Settle.self]
    )
}

struct Target: ParsableArguments {
    @Option(help: "Which API to speak.") var store: StoreKind
    @Option(help: "Its members, NAME=HOST:PORT/PID each.") var member: [Member]
}

/// Which members the clients are connected to.
enum Place: String, ExpressibleByArgument, CaseIterable {
    case leader, follower, every

    func targets(_ driver: Driver, _ count: Int, _ done: @escaping ([Member]) -> Void) {
        driver.leader { leader in
            let followers = driver.members.filter { $0.name != leader.name }
            let chosen =
                switch self {
                case .leader: [leader]
                case .follower: followers
                case .every: driver.members
                }
            done((0..<count).map { chosen[$0 % chosen.count] })
        }
    }
}

struct Load: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Closed-loop calls.")

    @OptionGroup var target: Target
    @Option(help: "What the clients do.") var operation: Operation
    @Option(help: "Connections, each with one call at a time.") var clients = 1
    @Option(help: "Where the clients are connected.") var place = Place.every
    @Option(help: "Seconds that count.") var seconds = 5.0
    @Option(help: "Seconds before them.") var warmup = 1.0

    func run() throws {
        let (operation, clients, place) = (operation, clients, place)
        let (warmup, length) = (Int64(warmup * 1e9), Int64(seconds * 1e9))
        let figures = try Driver.run(target.store, target.member) { driver, done in
            place.targets(driver, clients) { targets in
                driver.connectAll(to: targets) { sessions in
                    guard let sessions else { return done(Figures.none("cannot connect")) }
                    LoadRun(
                        driver,
                        operation,
                        sessions,
                        warmup: warmup,
                        length: length,
                        done
                    ).start()
                }
            }
        }
        try figures.printed()
    }
}

struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "From a put to its watch events.")

    @OptionGroup var target: Target
    @Option(help: "Watchers, spread over the members.") var watchers = 6
    @Option(help: "Seconds of writing.") var seconds = 5.0

    func run() throws {
        let (watchers, length) = (watchers, Int64(seconds * 1e9))
        let figures = try Driver.run(target.store, target.member) { driver, done in
            let targets = (0...watchers).map { driver.members[$0 % driver.members.count] }
            driver.connectAll(to: targets) { sessions in
                guard let sessions else { return done(Figures.none("cannot connect")) }
                WatchRun(
                    driver,
                    writer: sessions[watchers],
                    watchers: Array(sessions.prefix(watchers)),
                    length: length,
                    done
                ).start()
            }
        }
        try figures.printed()
    }
}

struct Kill: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Kill the leader; time the outage.")

    @OptionGroup var target: Target

    func run() throws {
        try Driver.run(target.store, target.member, OutageRun.kill).printed()
    }
}

struct Transfer: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Hand over leadership; time the gap.")

    @OptionGroup var target: Target

    func run() throws {
        try Driver.run(target.store, target.member, OutageRun.transfer).printed()
    }
}

struct First: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Wait for the first write.")

    @OptionGroup var target: Target

    func run() throws {
        try Driver.run(target.store, target.member) { driver, done in
            FirstWrite(driver, done).start()
        }.printed()
    }
}

struct Settle: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Wait until every member reads.")

    @OptionGroup var target: Target

    func run() throws {
        try Driver.run(target.store, target.member) { driver, done in
            Settling.wait(driver) { done(Figures(latencies: [], over: 0)) }
        }.printed()
    }
}
