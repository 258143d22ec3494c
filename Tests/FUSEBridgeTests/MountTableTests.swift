import Testing

@testable import FUSEBridge

@Suite("The mount table")
struct MountTableTests {
    private static let sample = """
        22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
        40 22 0:35 / /mnt/a\\040b\\134c ro,nosuid - fuse.swarmfs swarmfs ro,user_id=0
        41 40 0:36 / /mnt/x ro shared:2 master:1 - fuse.sshfs host: rw
        42 40 0:37 / /mnt/x ro - fuse.swarmfs swarmfs ro

        """

    @Test func `entries are read with their escapes, the last one on top`() {
        let table = MountTable(parsing: Array(Self.sample.utf8))
        #expect(table.entries.count == 4)
        #expect(table.top(at: "/mnt/a b\\c")?.type == "fuse.swarmfs")
        #expect(table.top(at: "/mnt/x")?.id == 42)
        #expect(table.contains(device: "0:36"))
        #expect(!table.contains(device: "0:99"))
    }

    @Test func `any truncation is read without a fault`() {
        let bytes = Array(Self.sample.utf8)
        for length in 0...bytes.count { _ = MountTable(parsing: Array(bytes[..<length])) }
        #expect(MountTable(parsing: Array("1 2 3 - \\9\\777 x\n\\".utf8)).entries.isEmpty)
    }
}
