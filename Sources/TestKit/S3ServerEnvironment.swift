// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The repository's `.venv`, as `dev/venv` makes it.
struct S3ServerEnvironment {
    private let programs: String

    /// Looks for `.venv` beside `Package.swift`, upwards from this file.
    init(from file: String = #filePath) throws(TestKitError) {
        var directory = URL(filePath: file).deletingLastPathComponent()
        while directory.path != "/" {
            if FileManager.default.fileExists(
                atPath: directory.appending(path: "Package.swift").path
            ) {
                break
            }
            directory.deleteLastPathComponent()
        }
        programs = directory.appending(path: ".venv/bin").path
        for name in ["rclone", "moto_server", "python"] {
            guard FileManager.default.isExecutableFile(atPath: program(name)) else {
                throw .missing("\(program(name)): run dev/venv")
            }
        }
    }

    func program(_ name: String) -> String { "\(programs)/\(name)" }

    /// Arguments: endpoint, bucket, path of a batch; `.txt` holds `put[CHECKSUM]|delete HEXKEY LENGTH` lines,
    /// `.bin` the contents one after the other.
    static let clientScript = """
        import sys, boto3
        from botocore.config import Config
        endpoint, bucket, batch = sys.argv[1:]
        config = Config(
            s3={"addressing_style": "path"}, signature_version="s3v4",
            request_checksum_calculation="when_required")
        client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=config)
        if bucket not in [b["Name"] for b in client.list_buckets()["Buckets"]]:
            client.create_bucket(Bucket=bucket)
        with open(batch + ".bin", "rb") as content:
            for line in open(batch + ".txt"):
                verb, key, length = line.split(" ")
                key = bytes.fromhex(key).decode()
                if verb.startswith("put"):
                    kept = {"ChecksumAlgorithm": verb[3:]} if verb[3:] else {}
                    body = content.read(int(length))
                    client.put_object(Bucket=bucket, Key=key, Body=body, **kept)
                else:
                    client.delete_object(Bucket=bucket, Key=key)
        """
}
