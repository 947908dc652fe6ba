#pragma once

#include <string_view>

/// Throw-away keys: OpenSSH's own test data (regress/unittests/sshkey/testdata) and files made by
/// ssh-keygen 9.2.
namespace culvert::test {

// ed25519_1, ed25519_1.pub, ed25519_1.fp
inline constexpr std::string_view openssh_1 =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
    "QyNTUxOQAAACBThupGO0X+FLQhbz8CoKPwc7V3JNsQuGtlsgN+F7SMGQAAAJjnj4Ao54+A\n"
    "KAAAAAtzc2gtZWQyNTUxOQAAACBThupGO0X+FLQhbz8CoKPwc7V3JNsQuGtlsgN+F7SMGQ\n"
    "AAAED3KgoDbjR54V7bdNpfKlQY5m20UK1QaHytkCR+6rZEDFOG6kY7Rf4UtCFvPwKgo/Bz\n"
    "tXck2xC4a2WyA34XtIwZAAAAE0VEMjU1MTkgdGVzdCBrZXkgIzEBAg==\n"
    "-----END OPENSSH PRIVATE KEY-----\n";

inline constexpr std::string_view openssh_1_pub =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFOG6kY7Rf4UtCFvPwKgo/BztXck2xC4a2WyA34XtIwZ ED25519"
    " test key #1";

inline constexpr std::string_view openssh_1_fingerprint =
    "SHA256:L3k/oJubblSY0lB9Ulsl7emDMnRPKm/8udf2ccwk560";

// ed25519_2, ed25519_2.pub, ed25519_2.fp
inline constexpr std::string_view openssh_2 =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
    "QyNTUxOQAAACDPVKyLnm3eZE0lm0IfM3Uy9AsdGSBtozcoCt21blYBCwAAAJix1mBGsdZg\n"
    "RgAAAAtzc2gtZWQyNTUxOQAAACDPVKyLnm3eZE0lm0IfM3Uy9AsdGSBtozcoCt21blYBCw\n"
    "AAAECZEQHXs18o3DKjhUYaTyt+bUbhqfMeqmsKjYyFvzGVgs9UrIuebd5kTSWbQh8zdTL0\n"
    "Cx0ZIG2jNygK3bVuVgELAAAAE0VEMjU1MTkgdGVzdCBrZXkgIzEBAg==\n"
    "-----END OPENSSH PRIVATE KEY-----\n";

inline constexpr std::string_view openssh_2_pub =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM9UrIuebd5kTSWbQh8zdTL0Cx0ZIG2jNygK3bVuVgEL ED25519"
    " test key #1";

inline constexpr std::string_view openssh_2_fingerprint =
    "SHA256:vMbaARqVciRgXyZPNHDo+P5p5WK5yWG1Oo6VC35Bomw";

// ed25519_1_pw
inline constexpr std::string_view openssh_encrypted =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDKT56mBA\n"
    "tXIMsWqmuuA2gdAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIFOG6kY7Rf4UtCFv\n"
    "PwKgo/BztXck2xC4a2WyA34XtIwZAAAAoC13U47yfUOSZJePNUAwWXuFOk3aOKwPM5PMvK\n"
    "0zwRnMZZjgn+tsMAYPwhsT3Mx3h5QzvVGFyFEqsiK7j4vAotD+LVQeBN5TwWbUBx4lnoGs\n"
    "3iAfYVDakO/gNvVBDDGOqv5kdCc4cgn5HacjHQLKOAx6KzHe7JFn7uCywMdVVQjlpI6LHb\n"
    "mHkaKiVX/C2oiRnsoe17HZ8Fxyt3vd1qNM8BE=\n"
    "-----END OPENSSH PRIVATE KEY-----\n";

// ecdsa_n
inline constexpr std::string_view openssh_ecdsa =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS\n"
    "1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQQMWVuWQ6tb3J0pWG0z70Bjdz2xoETt\n"
    "IbeUXHfycFq+QAMNoj2OHf+S8b8m32+mbbarCiSVMIYN/MKReQgppaUHAAAAoFrmmZBa5p\n"
    "mQAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAxZW5ZDq1vcnSlY\n"
    "bTPvQGN3PbGgRO0ht5Rcd/JwWr5AAw2iPY4d/5Lxvybfb6ZttqsKJJUwhg38wpF5CCmlpQ\n"
    "cAAAAhAPPNyUAnjvFr+eT/7t/IyjuQQd/aLFiTY92LB9gIjyrMAAAAAAECAwQFBgc=\n"
    "-----END OPENSSH PRIVATE KEY-----\n";

// ssh-keygen -t ed25519 -N '' -C 'ed25519 vector'; ssh-keygen -l
inline constexpr std::string_view keygen =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
    "QyNTUxOQAAACAS/UlCagPLCJtvtmdRL4dfr1adGzaZDjvDO7xiQ1qdIAAAAJiscKznrHCs\n"
    "5wAAAAtzc2gtZWQyNTUxOQAAACAS/UlCagPLCJtvtmdRL4dfr1adGzaZDjvDO7xiQ1qdIA\n"
    "AAAEDgYO09vG6f2ARzno9XRZsuuOS3swgy1i8u1hmP7zkJBhL9SUJqA8sIm2+2Z1Evh1+v\n"
    "Vp0bNpkOO8M7vGJDWp0gAAAADmVkMjU1MTkgdmVjdG9yAQIDBAUGBw==\n"
    "-----END OPENSSH PRIVATE KEY-----\n";

inline constexpr std::string_view keygen_pub =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBL9SUJqA8sIm2+2Z1Evh1+vVp0bNpkOO8M7vGJDWp0g ed25519"
    " vector";

inline constexpr std::string_view keygen_fingerprint =
    "SHA256:cSLEwYk+TkX6v+3Zmzz5cYuzOddyrA57aug/JIpTTB0";

// ssh-keygen -t ed25519 -N '' -C ''
inline constexpr std::string_view keygen_without_comment =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
    "QyNTUxOQAAACD2XFXSyeqkZhFWX4PHQ8CTLYHpMxiKYlL+O91dPNAcsAAAAIhrptiPa6bY\n"
    "jwAAAAtzc2gtZWQyNTUxOQAAACD2XFXSyeqkZhFWX4PHQ8CTLYHpMxiKYlL+O91dPNAcsA\n"
    "AAAECb9J3wMYiJ/VR9fNerDSydTNmjgEUkpGyUUfPsUaol8PZcVdLJ6qRmEVZfg8dDwJMt\n"
    "gekzGIpiUv473V080BywAAAAAAECAwQF\n"
    "-----END OPENSSH PRIVATE KEY-----\n";

inline constexpr std::string_view keygen_without_comment_fingerprint =
    "SHA256:qAiZ9wr9ZJIBLlV8MryfK2nmlJhMx4g7epkcUq/assM";

// ssh-keygen -t ed25519 -N secret -Z chacha20-poly1305@openssh.com: a tag follows the key
inline constexpr std::string_view encrypted_with_an_aead =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAAHWNoYWNoYTIwLXBvbHkxMzA1QG9wZW5zc2guY29tAAAABm\n"
    "JjcnlwdAAAABgAAAAQ13FpgVECdglacKFPqJFx1gAAABAAAAABAAAAMwAAAAtzc2gtZWQy\n"
    "NTUxOQAAACDnoPX28DPeVsNApNPB7x/VG1MUaNlQsn9XJeh7afaZ3AAAAJBP9IXLFuvYJF\n"
    "1qPeNUG+vgYDHcHueCXCmyefQ8N+1ts7vHtDO16IXHohb6RiMxqJ3pBZSvQyQwj5knZqcE\n"
    "jT8ZEcXDs1n2wch1Ll6o6qAQhZa4VUndg9qEDN5PIcO4tbPt8gF1984HEiKBxgC7cMQcMu\n"
    "7a5ntogAYjDb4MGF+U8YfTj+oMSMPlpzAgV7jVelWk5ZQHp+qwGsTsErejZ64U\n"
    "-----END OPENSSH PRIVATE KEY-----\n";

// ssh-keygen -t ecdsa; ssh-keygen -l
inline constexpr std::string_view ecdsa_pub =
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNDyh63FWaiHZ0Pe"
    "XMTJY1NhbPr2BDBMK6DotlFi1unmt8xkneFLFUGZCLdYuVdRncnirWMxiBJ+aEW/rO7bT6Q= ecdsa vector";

inline constexpr std::string_view ecdsa_fingerprint =
    "SHA256:qYoet6PysnZ2Ib4HtBiG6i0JTpBgKlM/0SSyEAgitYY";

// ssh-keygen -t rsa; ssh-keygen -l
inline constexpr std::string_view rsa_pub =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQCijTPrO/AH9gWBHiaL8zCfX5rvQC2VQw1wwTLSFMvE0hbpeAU4"
    "pvFypVNN94m7y4wl44YWOi8Ax/lovy+WA0q4ikJELIvTf5uh+OwlcmbEkSJ/3BKlWUgOlCYzZgT4/CbaJyx/ueEu"
    "fe8PBimzOIiBio3h9Ufl+SuNPb8A+b2F+pp98upfl0yfeUSaqSj+bwsC+QDeaIYr6/oGTKsRqk7PxnRllEMOWGoG"
    "BKvMCOJByG5PzHv+/Cw85dgESTWFsxfPW3vDhOkVzgJ9NF75V9G8dNLNxmc0+dIlWjWaCi3850zoPVU2cZTnDiYS"
    "B1TPcHujapFYROjJkX0dheftV985/9Sj0d7m4xjyKbskVaEXqlM7AWadgJJ/OGVkdGbdC11Ve23UL7Tab+pZrefx"
    "tSAUidUMeZvR2ehlrfEhP8W/rU5XUFI+3BpEvsoCIeDPV8vMuJDKP5VZDIG0PVByrrruQH81maYbQ7Ws99wDeNEX"
    "xqxYhQ+Ooi8EN81l7vzIRZk= rsa vector";

inline constexpr std::string_view rsa_fingerprint =
    "SHA256:8BxaZ25+vWrXw09kjokdt+L/r35XwvZwUVBsDhSHKdo";

// printf 'signed by OpenSSH' | ssh-keygen -Y sign -n file -f ed25519 (PROTOCOL.sshsig), in one line
inline constexpr std::string_view sshsig_of_keygen =
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgEv1JQmoDywibb7ZnUS+HX69WnRs2mQ47wzu8YkNanSAA"
    "AAAEZmlsZQAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gtZWQyNTUxOQAAAECSeWDuIuvoXRZ3+NLfmkNh/A+Ravtc"
    "FVaTRXLIOwwEb3hUWg6Iv8yaTlQBN2bgAjYJCktHLwV+k/GY9ma5GkIC";

/// Their certificates, made with ssh-keygen -s.
inline constexpr std::string_view keygen_cert =
    "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIBT"
    "TmvpwXtCKXX1UXPNehYFBlhUfCxB5G+wbpeEMXIcyAAAAIBL9SUJqA8sIm2+2Z1Evh1+vVp0bNpkOO8M7vGJDWp0"
    "gAAAAAAAAAAAAAAABAAAAAm1lAAAACQAAAAVhbGljZQAAAAAAAAAA//////////8AAAAAAAAAggAAABVwZXJtaXQ"
    "tWDExLWZvcndhcmRpbmcAAAAAAAAAF3Blcm1pdC1hZ2VudC1mb3J3YXJkaW5nAAAAAAAAABZwZXJtaXQtcG9ydC1"
    "mb3J3YXJkaW5nAAAAAAAAAApwZXJtaXQtcHR5AAAAAAAAAA5wZXJtaXQtdXNlci1yYwAAAAAAAAAAAAAAMwAAAAt"
    "zc2gtZWQyNTUxOQAAACBrKQYZu0LR8a0ex9WhFcsuuqvw+sQvbdWjCC7MpxhvkQAAAFMAAAALc3NoLWVkMjU1MTk"
    "AAABA9zGAaD830YIIYM1cLrVrIWD50GtJNQO2B+KFESnu2kG4/KRhYXR08nvBUpVAYXpjwWH69ab9pEx/IuFIK1I"
    "LDQ== ed25519 vector";
inline constexpr std::string_view rsa_cert =
    "ssh-rsa-cert-v01@openssh.com AAAAHHNzaC1yc2EtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgBZL7bqG3oYF"
    "DslRAaaYOKcoxBX+/zFQWEe1yLk79BUYAAAADAQABAAABgQCijTPrO/AH9gWBHiaL8zCfX5rvQC2VQw1wwTLSFMv"
    "E0hbpeAU4pvFypVNN94m7y4wl44YWOi8Ax/lovy+WA0q4ikJELIvTf5uh+OwlcmbEkSJ/3BKlWUgOlCYzZgT4/Cb"
    "aJyx/ueEufe8PBimzOIiBio3h9Ufl+SuNPb8A+b2F+pp98upfl0yfeUSaqSj+bwsC+QDeaIYr6/oGTKsRqk7PxnR"
    "llEMOWGoGBKvMCOJByG5PzHv+/Cw85dgESTWFsxfPW3vDhOkVzgJ9NF75V9G8dNLNxmc0+dIlWjWaCi3850zoPVU"
    "2cZTnDiYSB1TPcHujapFYROjJkX0dheftV985/9Sj0d7m4xjyKbskVaEXqlM7AWadgJJ/OGVkdGbdC11Ve23UL7T"
    "ab+pZrefxtSAUidUMeZvR2ehlrfEhP8W/rU5XUFI+3BpEvsoCIeDPV8vMuJDKP5VZDIG0PVByrrruQH81maYbQ7W"
    "s99wDeNEXxqxYhQ+Ooi8EN81l7vzIRZkAAAAAAAAAAAAAAAEAAAACbWUAAAAJAAAABWFsaWNlAAAAAAAAAAD////"
    "//////wAAAAAAAACCAAAAFXBlcm1pdC1YMTEtZm9yd2FyZGluZwAAAAAAAAAXcGVybWl0LWFnZW50LWZvcndhcmR"
    "pbmcAAAAAAAAAFnBlcm1pdC1wb3J0LWZvcndhcmRpbmcAAAAAAAAACnBlcm1pdC1wdHkAAAAAAAAADnBlcm1pdC1"
    "1c2VyLXJjAAAAAAAAAAAAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIGspBhm7QtHxrR7H1aEVyy66q/D6xC9t1aMILsy"
    "nGG+RAAAAUwAAAAtzc2gtZWQyNTUxOQAAAEDDNS0zjR8p9K2OJxWcBjaosxHGQGgpuAK2MOc/Cl+sOzMF9tN0laa"
    "U0NHrusydExThT1AjePaxhDNs7hCJ7AYB rsa vector";
inline constexpr std::string_view ecdsa_cert =
    "ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydC12MDFAb3B"
    "lbnNzaC5jb20AAAAgc+GkgD19Fa2b2UvqGAo9mAOwuxkxFlj0xcPPcD5jKG4AAAAIbmlzdHAyNTYAAABBBNDyh63"
    "FWaiHZ0PeXMTJY1NhbPr2BDBMK6DotlFi1unmt8xkneFLFUGZCLdYuVdRncnirWMxiBJ+aEW/rO7bT6QAAAAAAAA"
    "AAAAAAAEAAAACbWUAAAAJAAAABWFsaWNlAAAAAAAAAAD//////////wAAAAAAAACCAAAAFXBlcm1pdC1YMTEtZm9"
    "yd2FyZGluZwAAAAAAAAAXcGVybWl0LWFnZW50LWZvcndhcmRpbmcAAAAAAAAAFnBlcm1pdC1wb3J0LWZvcndhcmR"
    "pbmcAAAAAAAAACnBlcm1pdC1wdHkAAAAAAAAADnBlcm1pdC11c2VyLXJjAAAAAAAAAAAAAAAzAAAAC3NzaC1lZDI"
    "1NTE5AAAAIGspBhm7QtHxrR7H1aEVyy66q/D6xC9t1aMILsynGG+RAAAAUwAAAAtzc2gtZWQyNTUxOQAAAECkUot"
    "lOw/cd5ZMPphgthS7gEtejijd+R9vAF2QJUKYg4MpFMyOOWRIy4qOZquDi6lemNVedIt3cm/hl9uTDj0D ecdsa "
    "vector";

}  // namespace culvert::test
