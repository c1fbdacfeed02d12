// JavaScriptCore behind Script: its C API, which is stable over the versions of Debian and Ubuntu.
#include "script.hpp"

#include <JavaScriptCore/JavaScript.h>

namespace jackfield::charts {
namespace {

// A string of JavaScriptCore's, released at the end of the block.
class Text {
public:
    explicit Text(const std::string& utf8) : ref_(JSStringCreateWithUTF8CString(utf8.c_str())) {}
    explicit Text(JSStringRef owned) : ref_(owned) {}
    ~Text()
    {
        if (ref_ != nullptr)
            JSStringRelease(ref_);
    }
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;

    JSStringRef get() const { return ref_; }
    std::string utf8() const
    {
        if (ref_ == nullptr)
            return {};
        std::string out(JSStringGetMaximumUTF8CStringSize(ref_), '\0');
        const std::size_t used = JSStringGetUTF8CString(ref_, out.data(), out.size()); // counts the final NUL
        out.resize(used > 0 ? used - 1 : 0);
        return out;
    }

private:
    JSStringRef ref_;
};

std::string to_text(JSContextRef context, JSValueRef value)
{
    return Text(JSValueToStringCopy(context, value, nullptr)).utf8();
}

std::string describe(JSContextRef context, JSValueRef exception)
{
    std::string out = to_text(context, exception);
    if (JSValueIsObject(context, exception)) {
        JSObjectRef object = JSValueToObject(context, exception, nullptr);
        for (const char* member : {"sourceURL", "line", "column"}) {
            JSValueRef value = JSObjectGetProperty(context, object, Text(std::string(member)).get(), nullptr);
            if (value != nullptr && !JSValueIsUndefined(context, value))
                out += (*member == 's' ? " at " : ":") + to_text(context, value);
        }
    }
    return out;
}

// measure(text, font) of the JavaScript side; the measurer hangs on the function object.
JSValueRef measure(JSContextRef context, JSObjectRef function, JSObjectRef, std::size_t count,
                   const JSValueRef arguments[], JSValueRef*)
{
    auto* measurer = static_cast<TextMeasure*>(JSObjectGetPrivate(function));
    if (count < 2)
        return JSValueMakeNumber(context, 0);
    return JSValueMakeNumber(
        context, measurer->width(to_text(context, arguments[0]), to_text(context, arguments[1])));
}

} // namespace

struct Script::Impl {
    JSContextGroupRef group = nullptr;
    JSGlobalContextRef context = nullptr;
};

Script::Script(TextMeasure& measurer) : impl_(std::make_unique<Impl>())
{
    impl_->group = JSContextGroupCreate();
    impl_->context = JSGlobalContextCreateInGroup(impl_->group, nullptr);
    JSContextRef context = impl_->context;
    JSClassDefinition definition = kJSClassDefinitionEmpty;
    definition.className = "Measure";
    definition.callAsFunction = measure;
    JSClassRef type = JSClassCreate(&definition);
    JSObjectSetProperty(context, JSContextGetGlobalObject(context), Text(std::string("nativeMeasure")).get(),
                        JSObjectMake(context, type, &measurer), kJSPropertyAttributeReadOnly, nullptr);
    JSClassRelease(type);
}

Script::~Script()
{
    JSGlobalContextRelease(impl_->context);
    JSContextGroupRelease(impl_->group);
}

std::string Script::load(std::string_view name, std::string_view source)
{
    JSValueRef exception = nullptr;
    JSEvaluateScript(impl_->context, Text(std::string(source)).get(), nullptr, Text(std::string(name)).get(), 1,
                     &exception);
    return exception != nullptr ? describe(impl_->context, exception) : std::string();
}

bool Script::call(const char* name, const std::string& json, std::string& out)
{
    JSContextRef context = impl_->context;
    JSObjectRef global = JSContextGetGlobalObject(context);
    JSValueRef function = JSObjectGetProperty(context, global, Text(std::string(name)).get(), nullptr);
    JSValueRef argument = JSValueMakeFromJSONString(context, Text(json).get());
    if (argument == nullptr || !JSValueIsObject(context, function)) {
        out = "the request is no JSON";
        return false;
    }
    JSValueRef exception = nullptr;
    JSValueRef result = JSObjectCallAsFunction(context, JSValueToObject(context, function, nullptr), nullptr, 1,
                                               &argument, &exception);
    if (exception != nullptr) {
        out = describe(context, exception);
        return false;
    }
    out = to_text(context, result);
    return true;
}

} // namespace jackfield::charts
