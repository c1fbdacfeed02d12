// Factory: what describe() says, checked.
#include "load/factory.hpp"

#include <algorithm>

namespace jackfield {

namespace {

Result<std::vector<std::string>> read_outputs(std::string_view text, const std::string& who)
{
    std::vector<std::string> names;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string name(text.substr(0, end));
        const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) { return c > ' ' && c != 0x7f; });
        if (!good || std::find(names.begin(), names.end(), name) != names.end())
            return fail(JF_E_FAILED, who + ": describe() names its outputs wrongly; report it to the plugin's vendor");
        names.push_back(name);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return names;
}

} // namespace

bool Factory::takes_connection(const Factory& connection) const noexcept
{
    if (plugin_ != connection.plugin_ || !table_->connection)
        return false;
    const std::string_view wanted = table_->connection;
    return connection.id() == (wanted.substr(0, 1) == "?" ? wanted.substr(1) : wanted);
}

Result<Description> Factory::describe(CallFrame& frame, const ConfigView& config, const ConfigView* connection_config) const
{
    Description out;
    const std::string who = "'" + std::string(id()) + "'";
    if (!JF_HAS_FN(jf_factory, table_, describe))
        return out;
    std::string outputs;
    ByteWriter output_writer(outputs, std::size_t{64} << 10);
    ByteWriter sentence_writer(out.sentence, std::size_t{4} << 10);
    ByteWriter digest_writer(out.digest_of, std::size_t{4} << 20);
    jf_description raw{};
    raw.struct_size = sizeof raw;
    raw.outputs = output_writer.raw();
    raw.sentence = sentence_writer.raw();
    raw.digest_of = digest_writer.raw();
    const jf_status status = frame.run("describe", table_->describe, table_, frame.raw(), config.raw(),
                                       connection_config ? connection_config->raw() : nullptr, &raw);
    if (status != JF_OK)
        return frame.error(status, who, "describe");
    JF_TRY(output_writer.check(who, "the list of outputs"));
    JF_TRY(sentence_writer.check(who, "the sentence of describe()"));
    JF_TRY(digest_writer.check(who, "the digest text of describe()"));
    if (raw.partitioning > JF_PARTITIONS_DYNAMIC || raw.state_scope > JF_STATE_FLOW)
        return fail(JF_E_FAILED, who + ": describe() answers a partitioning or state scope that does not exist; report it to the plugin's vendor");
    out.capabilities = raw.capabilities;
    out.partitioning = raw.partitioning;
    out.state_scope = raw.state_scope;
    out.max_lanes = raw.max_lanes;
    std::replace_if(out.sentence.begin(), out.sentence.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    JF_ASSIGN(out.outputs, read_outputs(outputs, who));
    return out;
}

} // namespace jackfield
