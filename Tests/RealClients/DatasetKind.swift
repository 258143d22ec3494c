/// The shapes of data that torrents come in.
package enum DatasetKind: Sendable {
    /// One file, without a folder.
    case singleFile(Int)
    /// What trips clients: names in several scripts, nested folders, empty files, files that
    /// begin and end inside pieces, a last short piece, an executable.
    case mixed
    /// `mixed` with symbolic links inside the torrent (BEP 47).
    case mixedWithLinks
    /// One large file and a few small ones, for readers that wait and seek.
    case large(Int)
    /// Many small files in folders of a thousand.
    case many(Int)

    var files: [DatasetFile] {
        switch self {
        case .singleFile(let size):
            [DatasetFile("", size)]
        case .mixed:
            Self.mixedFiles
        case .mixedWithLinks:
            Self.mixedFiles + [
                DatasetFile("latest", 0, linkTarget: "train/part-0001.bin"),
                DatasetFile("train/up.txt", 0, linkTarget: "../README.txt"),
            ]
        case .large(let size):
            [
                DatasetFile("README.txt", 700), DatasetFile("large.bin", size),
                DatasetFile("small.bin", 5000),
            ]
        case .many(let count):
            (0..<count).map { index in
                // Twelve bytes a file: the metainfo and the tree are what is large here.
                DatasetFile("\(index / 1000)/sample-\(index).txt", 12)
            }
        }
    }

    private static let mixedFiles = [
        DatasetFile("README.txt", 1234),
        DatasetFile("empty", 0),
        DatasetFile("one-byte", 1),
        DatasetFile("tools/run.sh", 321, isExecutable: true),
        DatasetFile("train/empty at the end of a folder.txt", 0),
        DatasetFile("train/part-0001.bin", 400_009),
        DatasetFile("train/part-0002.bin", 262_144),
        DatasetFile("train/part-0003.bin", 65_537),
        DatasetFile("данные/выборка.csv", 33_333),
        DatasetFile("数据/图像 01.png", 70_001),
        DatasetFile("δεδομένα/αρχείο.txt", 16_384),
        DatasetFile("بيانات/ملف.bin", 16_385),
        DatasetFile("emoji 🧪/naïve café.txt", 99),
        DatasetFile("zz last.bin", 123_457),
    ]
}
