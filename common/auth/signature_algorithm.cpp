#include "common/auth/signature_algorithm.hpp"

#include <algorithm>

namespace culvert {
namespace {

constexpr std::string_view certificate_ending = "-cert-v01@openssh.com";
constexpr std::string_view rsa = "ssh-rsa";
constexpr std::string_view rsa_certificate = "ssh-rsa-cert-v01@openssh.com";

}  // namespace

std::string plain_algorithm(std::string_view algorithm) {
    if (!algorithm.ends_with(certificate_ending)) return std::string{algorithm};
    std::string plain{algorithm.substr(0, algorithm.size() - certificate_ending.size())};
    // Security keys' names end in their inventor's domain in both forms.
    if (plain.starts_with("sk-")) plain += "@openssh.com";
    return plain;
}

std::optional<std::string> signature_algorithm(const PublicKey& key,
                                               const NameList& server_sig_algs) {
    const auto takes = [&](const std::string& name) {
        return server_sig_algs.empty() ||
               std::ranges::find(server_sig_algs, name) != server_sig_algs.end();
    };
    if (!depends_on_server_sig_algs(key)) return key.algorithm();
    for (const std::string_view hash : {"rsa-sha2-512", "rsa-sha2-256"}) {
        std::string name{hash};
        if (key.algorithm() == rsa_certificate) name += certificate_ending;
        if (takes(name) || takes(plain_algorithm(name))) return name;
    }
    return std::nullopt;
}

bool depends_on_server_sig_algs(const PublicKey& key) {
    return key.algorithm() == rsa || key.algorithm() == rsa_certificate;
}

}  // namespace culvert
