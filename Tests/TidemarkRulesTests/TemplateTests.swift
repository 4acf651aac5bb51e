import Testing

@testable import TidemarkRules

private func reason(_ text: String) -> String? {
    do {
        try TemplateParser.check(text)
        return nil
    } catch {
        return error.message
    }
}

/// All judgements but one were compared with the template parser of `promtool check rules` 2.42: it finds an assignment
/// to an undefined variable only when the alert fires.
@Suite struct TemplateTests {
    @Test(
        "templates that parse",
        arguments: [
            "", "no action", "}} x { {", "{{ $value }}", "{{$labels.x|humanize}}", "{{- $value -}}",
            "{{/* c */}}{{- /* c */ -}}",
            "{{ . }}{{ $ }}{{ .Labels.x.y }}{{ $.x }}", "{{ $x := 1 }}{{ $x = 2 }}{{ $x }}", "{{ ($x := 1) }}{{ $x }}",
            "{{ if true }}a{{ else if false }}b{{ else }}c{{ end }}",
            "{{ with $x := 1 }}{{ $x }}{{ else }}{{ $x }}{{ end }}",
            "{{ range $i, $e := query \"up\" }}{{ $i }}{{ break }}{{ continue }}{{ else }}{{ end }}",
            "{{ define \"x\" }}{{ $ }}{{ end }}{{ template \"x\" . }}{{ template `x` }}",
            "{{ block \"b\" . }}x{{ end }}",
            "{{ (query \"up\" | first).Labels.x }}",
            "{{ with query (printf \"up{x=\\\"%s\\\"}\" $labels.x) }}{{ . | first }}{{ end }}",
            "{{ `raw\n\\` }}{{ \"a\\n\\x41\\u00e9\\101\" }}{{ 'a' }}{{ '\\n' }}", "{{ $value | }}",
            "{{ $value | (1) }}",
            "{{ -1 }}{{ +1 }}{{ .5 }}{{ 1. }}{{ 1e3 }}{{ 0x1F }}{{ 1_000 }}{{ 017 }}{{ 0x1p3 }}{{ 1i }}{{ 1+2i }}",
            "{{ $value -2 }}", "{{ $value\n}}",
            "{{ externalURL }}{{ pathPrefix }}{{ $externalURL }}{{ toTime $value }}",
            "{{ nil }}", "{{ if and (gt $value 1.0) (lt $value 2.0) }}x{{ end }}",
        ])
    func accepted(_ text: String) {
        #expect(reason(text) == nil)
    }

    @Test(
        "templates that do not parse",
        arguments: [
            ("{{ $x }}", "undefined variable \"$x\""), ("{{ $x = 1 }}", "undefined variable \"$x\""),
            ("{{ if $x := 1 }}{{ end }}{{ $x }}", "undefined variable"),
            ("{{ define \"x\" }}{{ $value }}{{ end }}", "undefined variable"),
            ("{{ foo }}", "function \"foo\" not defined"), ("{{ humanise $value }}", "function \"humanise\""),
            ("{{ tmpl \"x\" . }}", "function \"tmpl\""), ("{{}}", "missing value for command"),
            ("{{ ( ) }}", "missing value for paren"),
            ("{{ if }}{{ end }}", "missing value for if"), ("{{ | }}", "unexpected \"|\""),
            ("{{ (1 }}", "unclosed left paren"),
            ("{{ 1) }}", "unexpected right paren"), ("{{ $value", "unclosed action"),
            ("{{ if true }}x", "unexpected EOF"),
            ("{{ else }}", "unexpected {{else}}"), ("{{ end }}", "unexpected {{end}}"), ("{{ end x }}", "unexpected"),
            ("{{ if 1 }}{{ else }}{{ else }}{{ end }}", "expected end; found {{else}}"),
            ("{{ break }}", "{{break}} outside"),
            ("{{ range . }}{{ else }}{{ break }}{{ end }}", "{{break}} outside"),
            ("{{ template x }}", "unexpected \"x\" in template"),
            ("{{ if 1 }}{{ define \"x\" }}{{ end }}{{ end }}", "unexpected {{define}}"),
            ("{{ block \"b\" }}x{{ end }}", "missing value"),
            ("{{ range $i, $e, $f := . }}{{ end }}", "too many declarations"),
            ("{{ with $x, $y := 1 }}{{ end }}", "too many decl"),
            ("{{ range $i, 1 := . }}{{ end }}", "range can only"), ("{{ \"abc }}", "unterminated quoted string"),
            ("{{ `raw }}", "unterminated raw"), ("{{ \"a\\q\" }}", "invalid escape"),
            ("{{ 'ab' }}", "invalid character constant"),
            ("{{ 12abc }}", "bad number syntax"), ("{{ 08 }}", "bad number"), ("{{ 1__0 }}", "bad number"),
            ("{{ 1_ }}", "bad number"),
            ("{{ 0x1.8 }}", "bad number"), ("{{ 99999999999999999999 }}", "bad number"), ("{{ 1e999 }}", "bad number"),
            ("{{ true.x }}", "unexpected . after term \"true\""), ("{{ \"x\".y }}", "unexpected . after"),
            ("{{ $value | 1 }}", "non executable"),
            ("{{ $value == 2 }}", "unexpected"), ("{{ $labels.a-b }}", "bad character '-'"),
            ("{{ $labels[\"x\"] }}", "bad character '['"),
            ("{{ /* c */ }}", "unexpected \"/\""), ("{{/* c }}", "unclosed comment"),
            ("{{/* c */ x}}", "comment ends before"),
            ("{{ printf \"%d\" , 1 }}", "unexpected \",\""), ("{{ : }}", "expected :="),
            ("{{{ $value }}}", "unexpected \"{\""),
        ])
    func refused(_ text: String, _ expected: String) {
        #expect(reason(text)?.contains(expected) == true, "\(reason(text) ?? "accepted")")
    }

    @Test("depth is limited")
    func deep() {
        #expect(reason(String(repeating: "{{ if 1 }}", count: 50_000)) == "nested too deeply")
        #expect(reason("{{ " + String(repeating: "(", count: 50_000)) == "nested too deeply")
        #expect(
            reason("{{ " + String(repeating: "(", count: 50) + "1" + String(repeating: ")", count: 50) + " }}") == nil)
    }

    @Test("no truncation and no change of a byte crashes the parser")
    func mutations() {
        let text = Array(
            "{{ with $x := query `a` }}{{- range $i, $e := . -}}{{ ($e.Labels).x | printf \"%s\\n\" 1.5e3 }}{{ end }}{{ end }}"
                .utf8)
        for length in 0..<text.count { _ = reason(String(decoding: text[..<length], as: UTF8.self)) }
        for index in text.indices {
            for byte in Array("{}\"`'$.|()-+:=0x_ ".utf8) + [0, 0xC3] {
                var changed = text
                changed[index] = byte
                _ = reason(String(decoding: changed, as: UTF8.self))
            }
        }
        #expect(reason(String(decoding: text, as: UTF8.self)) == nil)
    }
}
