// A plugin whose entry throws.
#include <jackfield/abi/plugin.h>

#include <stdexcept>

JF_EXPORT const jf_plugin* JF_PLUGIN_ENTRY(const jf_host*, const jf_call*)
{
    throw std::runtime_error("thrown out of the entry");
}
