// SPDX-License-Identifier: Apache-2.0

import APIModel
import Foundation
import Testing

/// Every document as whole text: names, nulls and order are what others rely on.
struct ShapeTests {
    static let mount = MountDocument(
        path: "/data/bucket_a",
        origin: "s3://bucket-a/prefix",
        options: ["endpoint": "https://h"],
        credential: "lake-key",
        regions: [
            "us-west": MountRegionDocument(
                origin: "s3://bucket-a-us",
                options: [:],
                credential: nil,
                originId: 2
            )
        ],
        write: "none",
        replicas: 1,
        metadataTtl: "60s",
        onStale: "serve",
        createRevision: 12,
        modRevision: 40,
        originId: 1
    )
    static let mountText = """
        {"createRevision":12,"credential":"lake-key","metadataTtl":"60s","modRevision":40,\
        "onStale":"serve","options":{"endpoint":"https://h"},"origin":"s3://bucket-a/prefix",\
        "originId":1,"path":"/data/bucket_a","regions":{"us-west":{"credential":null,"options":{},\
        "origin":"s3://bucket-a-us","originId":2}},"replicas":1,"write":"none"}
        """

    static let worker = WorkerDocument(
        name: "w1",
        id: 3,
        store: "s",
        region: "ap",
        zone: "ap-a",
        state: "active",
        addresses: WorkerAddressesDocument(
            http: "h:1",
            s3: nil,
            data: "h:3",
            peer: "h:4",
            socket: nil
        ),
        capacity: 10,
        version: "0.1.0",
        startedAt: Timestamp(unixMilliseconds: Int64(0)),
        modRevision: 1
    )
    static let workerText = """
        {"addresses":{"data":"h:3","http":"h:1","peer":"h:4","s3":null,"socket":null},\
        "capacity":10,"epoch":null,"id":3,"liveness":null,"modRevision":1,"name":"w1",\
        "pages":null,"region":"ap","role":null,"startedAt":"1970-01-01T00:00:00.000Z",\
        "state":"active","store":"s","used":null,"version":"0.1.0","zone":"ap-a"}
        """

    static let ring = RingDocument(
        region: "ap",
        epoch: 7,
        settled: false,
        workers: [
            RingWorkerDocument(
                name: "w1",
                id: 1,
                zone: "a",
                capacity: 5,
                vnodes: 64,
                share: 33.25
            )
        ],
        previous: [PreviousRingDocument(epoch: 6, workers: [])],
        modRevision: 4
    )
    static let ringText = """
        {"epoch":7,"heldFor":[],"modRevision":4,"previous":[{"epoch":6,"workers":[]}],"region":"ap",\
        "settled":false,"workers":[{"capacity":5,"id":1,"name":"w1","share":33.25,"vnodes":64,\
        "zone":"a"}]}
        """

    static let cluster = ClusterDocument(
        cluster: "c",
        generation: 1,
        revision: 40,
        term: 3,
        leader: nil,
        quorum: QuorumDocument(have: 1, need: 2),
        voters: [
            VoterDocument(
                name: "w1",
                region: "ap",
                zone: "ap-a",
                reachable: true,
                trailsLeaderBy: nil
            )
        ],
        observers: 0,
        regions: ["ap": RegionSummaryDocument(epoch: 7, settled: true, workers: 3)],
        alarms: [AlarmDocument(kind: "k", detail: "d")],
        autopilot: AutopilotDocument(
            survive: "zone",
            voters: 3,
            demoted: ["w2"],
            action: "grow",
            coming: ["w3", "w4"],
            waitsFor: "w3 to get the log"
        )
    )
    static let clusterText = """
        {"alarms":[{"detail":"d","kind":"k","since":null}],\
        "autopilot":{"action":"grow","coming":["w3","w4"],"demoted":["w2"],\
        "leadership":null,"leaving":[],\
        "promoted":[],"reason":null,"survive":"zone","voters":3,"waitsFor":"w3 to get the log",\
        "weakness":null},"cluster":"c","generation":1,\
        "leader":null,"learners":[],"observers":0,"quorum":{"have":1,"need":2},\
        "regions":{"ap":{"epoch":7,"settled":true,"workers":3}},"relays":[],"revision":40,"term":3,\
        "voters":[{"name":"w1","reachable":true,"region":"ap","trailsLeaderBy":null,"zone":"ap-a"}]}
        """

    @Test func mounts() throws { try expect(Self.mount, Self.mountText) }
    @Test func workers() throws { try expect(Self.worker, Self.workerText) }
    @Test func rings() throws { try expect(Self.ring, Self.ringText) }

    static let job = JobDocument(
        id: "drain-w4-9",
        kind: "drain",
        state: "running",
        region: "ap",
        worker: "w4",
        total: 10,
        done: 4,
        bytesTotal: 100,
        bytesDone: 40,
        rate: 20,
        etaSeconds: 3,
        leftPages: 0,
        leftBytes: 0,
        keepsVote: false,
        failures: [JobDocument.Failure(what: "w", why: "y")],
        createRevision: 9,
        modRevision: 11
    )
    static let jobText = """
        {"bytesDone":40,"bytesTotal":100,"createRevision":9,"done":4,"etaSeconds":3,\
        "failures":[{"what":"w","why":"y"}],"id":"drain-w4-9","keepsVote":false,"kind":"drain",\
        "leftBytes":0,"leftPages":0,"modRevision":11,"path":null,"rate":20,"region":"ap",\
        "state":"running","total":10,"worker":"w4"}
        """

    @Test func jobs() throws { try expect(Self.job, Self.jobText) }

    @Test func plans() throws {
        try expect(
            RingPlanDocument(
                region: "ap",
                epoch: 7,
                workers: [
                    RingPlanDocument.Worker(
                        name: "w1",
                        capacity: 5,
                        shareBefore: nil,
                        shareAfter: 33.25,
                        usedBefore: 0,
                        usedAfter: 2
                    )
                ],
                pages: 1,
                bytes: 2,
                lostPages: 0,
                lostBytes: 0,
                rate: 9,
                seconds: nil,
                warnings: ["w"],
                refusals: []
            ),
            """
            {"bytes":2,"epoch":7,"lostBytes":0,"lostPages":0,"pages":1,"rate":9,"refusals":[],\
            "region":"ap","seconds":null,"vote":null,"warnings":["w"],"workers":[{"capacity":5,\
            "name":"w1","shareAfter":33.25,"shareBefore":null,"usedAfter":2,"usedBefore":0}]}
            """
        )
    }

    @Test func clusters() throws { try expect(Self.cluster, Self.clusterText) }

    @Test func resolutions() throws {
        try expect(
            ResolveDocument(
                path: "/data/x",
                mount: "/data",
                region: "us",
                origin: "s3://b/x",
                revision: 40
            ),
            #"{"mount":"/data","origin":"s3://b/x","path":"/data/x","region":"us","revision":40}"#
        )
    }

    @Test func locations() throws {
        try expect(
            LocateDocument(
                path: "/p",
                offset: 0,
                unit: 0,
                hash: "00000000000000ff",
                epoch: 7,
                owners: ["w2", "w1"],
                previousOwners: [],
                cachedOn: ["w2"]
            ),
            """
            {"cachedOn":["w2"],"epoch":7,"hash":"00000000000000ff","offset":0,\
            "owners":["w2","w1"],"path":"/p","previousOwners":[],"unit":0}
            """
        )
    }

    @Test func listings() throws {
        let file = ListEntryDocument(
            name: "x",
            type: .file,
            size: 1,
            modified: Timestamp(unixMilliseconds: Int64(1)),
            version: "e"
        )
        let directory = ListEntryDocument(
            name: "d",
            type: .directory,
            size: nil,
            modified: nil,
            version: nil
        )
        try expect(
            ListDocument(path: "/p", entries: [directory, file], next: "x"),
            """
            {"entries":[{"modified":null,"name":"d","size":null,"type":"directory",\
            "version":null},{"modified":"1970-01-01T00:00:00.001Z","name":"x","size":1,\
            "type":"file","version":"e"}],"next":"x","path":"/p"}
            """
        )
    }

    @Test func problems() throws {
        try expect(
            ProblemDocument(
                .noQuorum,
                detail: "1 of 3",
                outcome: .notApplied,
                next: "tarn cluster status"
            ),
            """
            {"code":"no-quorum","detail":"1 of 3","modRevision":null,"next":"tarn cluster status",\
            "oldest":null,"outcome":"not-applied","status":503,"title":"No quorum",\
            "type":"about:blank"}
            """
        )
    }

    @Test func pagesAndSmallOnes() throws {
        try expect(Page(items: [1, 2], next: nil), #"{"items":[1,2],"next":null}"#)
        try expect(HealthDocument(), #"{"status":"ok"}"#)
        try expect(
            ReadyDocument(ready: false, waitingFor: "joining"),
            #"{"ready":false,"waitingFor":"joining"}"#
        )
        try expect(
            InitAnswer(cluster: "c", revision: 1, voters: ["w1"]),
            #"{"cluster":"c","revision":1,"voters":["w1"]}"#
        )
        try expect(
            InitRequest(voters: 3),
            #"{"survive":null,"timeoutMs":null,"timing":null,"voters":3}"#
        )
        #expect(try decode(InitRequest.self, "{}") == InitRequest())
    }

    // MARK: - Watch lines

    static let voters = VotersDocument(
        cluster: "c",
        generation: 1,
        survive: "zone",
        timing: "lan",
        featureLevel: 1,
        voters: [1]
    )
    static let votersText = """
        {"cluster":"c","featureLevel":1,"generation":1,"survive":"zone","timing":"lan","voters":[1]}
        """

    // swift-format-ignore
    static let watchLines: [(line: WatchLine, text: String)] = [
        (.put(revision: 4, key: "mounts//m", value: .mount(mount), hasMore: false),
         #"{"key":"mounts//m","revision":4,"type":"put","value":\#(mountText)}"#),
        (.put(revision: 4, key: "workers/w1", value: .worker(worker), hasMore: true),
         #"{"key":"workers/w1","more":true,"revision":4,"type":"put","value":\#(workerText)}"#),
        (.state(revision: 4, key: "rings/ap", value: .ring(ring)),
         #"{"key":"rings/ap","revision":4,"type":"state","value":\#(ringText)}"#),
        (.put(revision: 4, key: "credentials/lake", value: .credential(credential), hasMore: false),
         #"{"key":"credentials/lake","revision":4,"type":"put","value":\#(credentialText)}"#),
        (.state(revision: 1, key: "voters", value: .voters(voters)),
         #"{"key":"voters","revision":1,"type":"state","value":\#(votersText)}"#),
        (.put(revision: 4, key: "jobs/drain-w4-9", value: .job(job), hasMore: false),
         #"{"key":"jobs/drain-w4-9","revision":4,"type":"put","value":\#(jobText)}"#),
        (.delete(revision: 5, key: "mounts//m", hasMore: false),
         #"{"key":"mounts//m","revision":5,"type":"delete","value":null}"#),
        (.progress(revision: 6), #"{"revision":6,"type":"progress"}"#),
        (.closed(resumeFrom: 7), #"{"resumeFrom":7,"type":"closed"}"#),
    ]

    static let credential = CredentialDocument(
        name: "lake",
        keyId: "00000000000000ff",
        fields: ["accessKeyId", "secretAccessKey"],
        createRevision: 3,
        modRevision: 4
    )
    static let credentialText = #"""
        {"createRevision":3,"fields":["accessKeyId","secretAccessKey"],"keyId":"00000000000000ff",\#
        "modRevision":4,"name":"lake"}
        """#

    @Test func theOneDocumentWithAValueDoesNotShowIt() throws {
        let request = CredentialRequest(accessKeyId: "hunter1", secretAccessKey: "hunter2")
        var shown = "\(request) \(String(reflecting: request))"
        dump(request, to: &shown)
        #expect(!shown.contains("hunter"))
        let text = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
        #expect(text.contains("hunter2"), "it is sent")
    }

    @Test(arguments: watchLines)
    func watch(_ row: (line: WatchLine, text: String)) throws { try expect(row.line, row.text) }

    @Test(arguments: [
        #"{"type":"put","revision":1,"key":"jobs/1","value":{}}"#,
        #"{"type":"put","revision":1,"key":"strangers/1","value":{}}"#,
        #"{"type":"put","revision":1,"key":"mounts//m","value":null}"#,
        #"{"type":"progress"}"#, #"{"type":"closed","revision":3}"#, #"{"type":"other"}"#,
    ])
    func aStrangeWatchLineIsAnError(_ text: String) {
        #expect(throws: DecodingError.self) { try decode(WatchLine.self, text) }
    }
}

/// Both directions: the value gives exactly this text, and the text gives the value again.
func expect<Value: Codable & Equatable>(_ value: Value, _ text: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    #expect(String(decoding: try encoder.encode(value), as: UTF8.self) == text)
    #expect(try decode(Value.self, text) == value)
}

func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
}
