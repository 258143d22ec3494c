extension ExtensionHandshake {
    /// Takes over what a later handshake names; what it leaves out stays (BEP 10).
    mutating func merge(_ later: ExtensionHandshake) {
        metadataID = later.metadataID ?? metadataID
        dontHaveID = later.dontHaveID ?? dontHaveID
        fetchingID = later.fetchingID ?? fetchingID
        uploadOnlyID = later.uploadOnlyID ?? uploadOnlyID
        peerExchangeID = later.peerExchangeID ?? peerExchangeID
        holepunchID = later.holepunchID ?? holepunchID
        listenPort = later.listenPort ?? listenPort
        clientName = later.clientName ?? clientName
        requestLimit = later.requestLimit ?? requestLimit
        yourAddress = later.yourAddress ?? yourAddress
        metadataSize = later.metadataSize ?? metadataSize
        isUploadOnly = later.isUploadOnly ?? isUploadOnly
        completeAgo = later.completeAgo ?? completeAgo
        addressV4 = later.addressV4 ?? addressV4
        addressV6 = later.addressV6 ?? addressV6
    }
}
