// The scripts: tables of words from the commands, and a fixed part that looks them up.
#include "completion_script.hpp"

#include <algorithm>

namespace jackfield::cli {

namespace {

/// The name by which the fixed part knows what to offer.
std::string kind_of(Words words)
{
    switch (words) {
    case Words::file: return "file";
    case Words::flow: return "flow";
    case Words::folder: return "folder";
    case Words::task: return "task";
    case Words::run: return "run";
    case Words::component: return "component";
    case Words::plugin: return "file";
    case Words::shell: return "=bash zsh";
    default: return "none";
    }
}

std::string kind_of(const CommandLine::Entry::Option& option)
{
    if (option.choices.empty())
        return kind_of(option.words);
    std::string out = "=";
    for (const auto& choice : option.choices)
        out += (out.size() > 1 ? " " : "") + choice;
    return out;
}

/// In single quotes, for both shells.
std::string quoted(const std::string& text)
{
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? "'\\''" : std::string(1, c);
    return out + "'";
}

/// Cases over "COMMAND PATH" that set the variables `commands`, `options` and `arguments`; and one over "PATH|--option" that
/// sets `kind`, what the option's value may be.
struct Cases {
    std::string commands; ///< of one `case "$command" in`
    std::string values;   ///< of one `case "$command|$word" in`
};

Cases cases_of(const std::vector<CommandLine::Entry>& entries)
{
    Cases out;
    for (const auto& entry : entries) {
        std::string commands, options, arguments;
        for (const auto& [name, summary] : entry.commands)
            commands += (commands.empty() ? "" : " ") + name;
        for (const auto& option : entry.options) {
            std::string pattern;
            for (const auto& name : option.names) {
                options += (options.empty() ? "" : " ") + name;
                pattern += (pattern.empty() ? "" : "|") + quoted(entry.path + "|" + name);
            }
            if (option.takes_value)
                out.values += "    " + pattern + ") kind=" + quoted(kind_of(option)) + " ;;\n";
        }
        for (std::size_t i = 0; i < entry.arguments.size(); ++i)
            arguments += (i > 0 ? ";" : "") + kind_of(entry.arguments[i]);
        out.commands += "    " + quoted(entry.path) + ") commands=" + quoted(commands) + " options=" + quoted(options) + " arguments=" + quoted(arguments) +
                        " endless=" + (entry.endless ? "1" : "") + " ;;\n";
    }
    return out;
}

/// Both shells: walks the words before the cursor; sets command, count (of arguments so far), flow (the first one), kind.
std::string walk(const Cases& cases)
{
    return R"SH(_jackfield_look() { # sets commands, options and arguments of the command $command
  case "$command" in
)SH" + cases.commands + R"SH(    *) commands= options= arguments= endless= ;;
  esac
}
_jackfield_value() { # sets kind if option $2 of command $1 takes a value
  kind=
  case "$1|$2" in
)SH" + cases.values + R"SH(  esac
  [ -n "$kind" ]
}
_jackfield_walk() { # the words between the program's name and the cursor
  local word expects
  command= count=0 flow= kind= expects=
  _jackfield_look
  for word in "$@"; do
    if [ -n "$expects" ]; then expects=; continue; fi
    case "$word" in
      --*=*) ;;
      -*) if _jackfield_value "$command" "$word"; then expects=$kind; fi ;;
      *) case " $commands " in
           *" $word "*) command="${command:+$command }$word"; _jackfield_look ;;
           *) count=$((count + 1)); [ -n "$flow" ] || flow=$word ;;
         esac ;;
    esac
  done
  kind=$expects
}
)SH";
}

} // namespace

std::string bash_script(const std::vector<CommandLine::Entry>& entries)
{
    return "# Completion of jackfield for bash; made by: jackfield completion bash\n" + walk(cases_of(entries)) + R"SH(_jackfield_offer() { # $1: what may stand here
  case "$1" in
    =*) COMPREPLY=($(compgen -W "${1#=}" -- "$cur")) ;;
    flow) compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -X '!*.flow.json' -- "$cur"; compgen -d -- "$cur")) ;;
    file) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")) ;;
    folder) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")) ;;
    task) COMPREPLY=($(compgen -W "$(${COMP_WORDS[0]} completion bash --words tasks --of "$flow" 2>/dev/null)" -- "$cur")) ;;
    run) COMPREPLY=($(compgen -W "$(${COMP_WORDS[0]} completion bash --words runs 2>/dev/null)" -- "$cur")) ;;
    component) COMPREPLY=($(compgen -W "$(${COMP_WORDS[0]} completion bash --words components 2>/dev/null)" -- "$cur")) ;;
  esac
}
_jackfield() {
  local cur command count flow kind commands options arguments endless place
  cur=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  _jackfield_walk "${COMP_WORDS[@]:1:COMP_CWORD-1}"
  if [ -n "$kind" ]; then _jackfield_offer "$kind"; return; fi
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$cur")); return ;;
  esac
  if [ -n "$commands" ]; then COMPREPLY=($(compgen -W "$commands" -- "$cur")); return; fi
  local IFS=';'
  place=($arguments)
  unset IFS
  if [ "$count" -lt "${#place[@]}" ]; then _jackfield_offer "${place[$count]}"
  elif [ -n "$endless" ]; then _jackfield_offer "${place[${#place[@]}-1]}"; fi
}
complete -F _jackfield jackfield
)SH";
}

std::string zsh_script(const std::vector<CommandLine::Entry>& entries)
{
    return "#compdef jackfield\n# Completion of jackfield for zsh; made by: jackfield completion zsh\n" + walk(cases_of(entries)) + R"SH(_jackfield_offer() { # $1: what may stand here
  case "$1" in
    "="*) compadd -- ${=1#=} ;; # in quotes: zsh takes =word for the path of a command
    flow) _files -g '*.flow.json' ;;
    file) _files ;;
    folder) _files -/ ;;
    task) compadd -- ${(f)"$(${words[1]} completion zsh --words tasks --of "$flow" 2>/dev/null)"} ;;
    run) compadd -- ${(f)"$(${words[1]} completion zsh --words runs 2>/dev/null)"} ;;
    component) compadd -- ${(f)"$(${words[1]} completion zsh --words components 2>/dev/null)"} ;;
  esac
}
_jackfield() {
  local cur=${words[CURRENT]}
  local command count flow kind commands options arguments endless
  local -a place
  _jackfield_walk "${(@)words[2,CURRENT-1]}"
  if [[ -n $kind ]]; then _jackfield_offer "$kind"; return; fi
  if [[ $cur == -* ]]; then compadd -- ${=options}; return; fi
  if [[ -n $commands ]]; then compadd -- ${=commands}; return; fi
  place=("${(@s:;:)arguments}")
  if (( count < ${#place} )); then _jackfield_offer "${place[count+1]}"
  elif [[ -n $endless ]]; then _jackfield_offer "${place[-1]}"; fi
}
if [ "$funcstack[1]" = "_jackfield" ]; then _jackfield "$@"; else compdef _jackfield jackfield; fi
)SH";
}

} // namespace jackfield::cli
