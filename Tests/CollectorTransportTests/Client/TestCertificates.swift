/// Certificates for tests, valid for a hundred years, made by
///
///     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj "/CN=needletail test CA"
///
/// and, signed with that, one per name below (`openssl req`, then `openssl x509 -req` with the extension given).
enum TestCertificates {
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBkDCCATegAwIBAgIUE5UxfMrpyMiiTRs8Mym7q1MvFkUwCgYIKoZIzj0EAwIw
        HTEbMBkGA1UEAwwSbmVlZGxldGFpbCB0ZXN0IENBMCAXDTI2MTEyMTAyNTMyMVoY
        DzIxMjYxMDI4MDI1MzIxWjAdMRswGQYDVQQDDBJuZWVkbGV0YWlsIHRlc3QgQ0Ew
        WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATBd+GMjtDwjrBOGoiP6XmhvHtm2mbI
        eCz3erWPFKaQQBSRt2lstZR2v5thKoDTBmYSMcKWHzyGgU/0z6aiYVU+o1MwUTAd
        BgNVHQ4EFgQUA2Oz80/QWcM4ZqyEiNduYzLme7YwHwYDVR0jBBgwFoAUA2Oz80/Q
        WcM4ZqyEiNduYzLme7YwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBE
        AiAsVYIo0fcnf+5lh4X7XJZTZJPqQTFOo14DxSH+aChATgIgaFZtlwi67R7mDgpu
        jjHKccI0FbazwZ45VhVNzzAVFDg=
        -----END CERTIFICATE-----
        """

    /// `subjectAltName=DNS:collector.test`
    static let named = """
        -----BEGIN CERTIFICATE-----
        MIIBjTCCATSgAwIBAgIUA39LxEBIc9YMpZSLukR3vOWWUdMwCgYIKoZIzj0EAwIw
        HTEbMBkGA1UEAwwSbmVlZGxldGFpbCB0ZXN0IENBMCAXDTI2MTEyMTAyNTMyMVoY
        DzIxMjYxMDI4MDI1MzIxWjAQMQ4wDAYDVQQDDAVuYW1lZDBZMBMGByqGSM49AgEG
        CCqGSM49AwEHA0IABIEPQwvNEAIcu/HYgTyd1wggbs1gs2RzxGVXKoBcYhOtLmni
        mz4THuUQ0f7uvrlHvH/IWvhOFxGCGG2+KYGWDEKjXTBbMBkGA1UdEQQSMBCCDmNv
        bGxlY3Rvci50ZXN0MB0GA1UdDgQWBBSYs1sBbszFoBy6OUx/f+MFBXwnBDAfBgNV
        HSMEGDAWgBQDY7PzT9BZwzhmrISI125jMuZ7tjAKBggqhkjOPQQDAgNHADBEAiAo
        z0np/VDFVwopKP/X21P3GbPxPmfmUD0XomkEWaarPAIgU863fTRyKiPJlwryQAMQ
        V0Kp5jtUmguR0tWkeAvMZrE=
        -----END CERTIFICATE-----
        """

    static let namedKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRpQIaxlabXj/t6qX
        xX1JR5WSTIextUpulp4utZjkFsihRANCAASBD0MLzRACHLvx2IE8ndcIIG7NYLNk
        c8RlVyqAXGITrS5p4ps+Ex7lENH+7r65R7x/yFr4ThcRghhtvimBlgxC
        -----END PRIVATE KEY-----
        """

    /// `subjectAltName=IP:127.0.0.1`
    static let addressed = """
        -----BEGIN CERTIFICATE-----
        MIIBiDCCAS6gAwIBAgIUA39LxEBIc9YMpZSLukR3vOWWUdQwCgYIKoZIzj0EAwIw
        HTEbMBkGA1UEAwwSbmVlZGxldGFpbCB0ZXN0IENBMCAXDTI2MTEyMTAyNTMyMVoY
        DzIxMjYxMDI4MDI1MzIxWjAUMRIwEAYDVQQDDAlhZGRyZXNzZWQwWTATBgcqhkjO
        PQIBBggqhkjOPQMBBwNCAASRU8vnPe0rNyKWiKPcLCss984Pzf3ZKorI3rqy2hUN
        1iYy490YzrJpy2WO8eCCfiXhlES46WAHYNq6V9GJ4KDho1MwUTAPBgNVHREECDAG
        hwR/AAABMB0GA1UdDgQWBBR6t68tMgYOnQ2Pa8ptfko7Upze/jAfBgNVHSMEGDAW
        gBQDY7PzT9BZwzhmrISI125jMuZ7tjAKBggqhkjOPQQDAgNIADBFAiALjegsAqmR
        wY3j3zFKUAizcpY2XVdHYH0HI2+znl1QNAIhAO/7GqLtYDaqH12RBZ0B38WFpaGR
        nkLjvcdZAFywr2cf
        -----END CERTIFICATE-----
        """

    static let addressedKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgk8pmfViPPWQ5f2M/
        IkNZU6uiPbQznCltLu4/WY+CsPWhRANCAASRU8vnPe0rNyKWiKPcLCss984Pzf3Z
        KorI3rqy2hUN1iYy490YzrJpy2WO8eCCfiXhlES46WAHYNq6V9GJ4KDh
        -----END PRIVATE KEY-----
        """

    /// `extendedKeyUsage=clientAuth`
    static let client = """
        -----BEGIN CERTIFICATE-----
        MIIBijCCAS+gAwIBAgIUA39LxEBIc9YMpZSLukR3vOWWUdUwCgYIKoZIzj0EAwIw
        HTEbMBkGA1UEAwwSbmVlZGxldGFpbCB0ZXN0IENBMCAXDTI2MTEyMTAyNTMyMVoY
        DzIxMjYxMDI4MDI1MzIxWjARMQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIB
        BggqhkjOPQMBBwNCAAT7B6oM7jE1MzdJelL6sAuhcQJ6JcRnZAdNLwhY2kLPHnsf
        W1zXxf4sR1Oug0mALMgD71HIXZPC/iDI8pfrLslAo1cwVTATBgNVHSUEDDAKBggr
        BgEFBQcDAjAdBgNVHQ4EFgQUgYs4RTW+BTxY11BQrUwhlmNQqj8wHwYDVR0jBBgw
        FoAUA2Oz80/QWcM4ZqyEiNduYzLme7YwCgYIKoZIzj0EAwIDSQAwRgIhAL0qG48w
        NszJF+a9WE1zI8Dkq5IHRnJrDOCX5jwAnfofAiEAi4MHt3g8GNgen2GhUyqx+th2
        MakQDq5zSjJcbSnazHE=
        -----END CERTIFICATE-----
        """

    static let clientKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgno434LisGdPYZ7qe
        zYddOnoFPZE3Vo77bPr8qkeNUPOhRANCAAT7B6oM7jE1MzdJelL6sAuhcQJ6JcRn
        ZAdNLwhY2kLPHnsfW1zXxf4sR1Oug0mALMgD71HIXZPC/iDI8pfrLslA
        -----END PRIVATE KEY-----
        """
}
