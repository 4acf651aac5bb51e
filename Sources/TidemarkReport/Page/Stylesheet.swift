/// The style sheet of a report. Sizes: 13 notes and axes, 15 text, 18 sections, 24 verdict, 32 numbers; space in
/// steps of 4 pixels.
enum Stylesheet {
    static let source = colours + frame + verdict + findings + charts + tables + wide + narrow + print

    static let colours: String =
        ":root{color-scheme:light dark;" + Palette.light.css + "}\n"
        + "@media (prefers-color-scheme:dark){:root{" + Palette.dark.css + "}}\n"
        + "@media print{:root{color-scheme:light;" + Palette.light.css + "}}\n"

    private static let frame = """
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:24px}
        body{margin:0;background:var(--background);color:var(--text);font:15px/24px system-ui,-apple-system,"Segoe UI",\
        Roboto,"Noto Sans","PingFang TC","Noto Sans TC","Noto Sans CJK TC","Microsoft JhengHei",sans-serif;\
        font-variant-numeric:tabular-nums;overflow-wrap:break-word}
        :lang(zh){line-break:strict}
        :lang(zh) .answer,:lang(zh) .value{letter-spacing:0}
        h1,h2,h3,h4,p,ul,ol,dl,dd,figure{margin:0;padding:0}
        h1{font-size:18px;line-height:24px;font-weight:650}
        h2{font-size:18px;line-height:24px;font-weight:650;margin:64px 0 16px;padding-top:12px;\
        border-top:2px solid var(--text)}
        h3{font-size:15px;line-height:20px;font-weight:650}
        h4{font-size:13px;line-height:20px;font-weight:650;color:var(--muted);margin:16px 0 4px}
        a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:2px}
        a:focus-visible,summary:focus-visible,button:focus-visible,[tabindex]:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
        code,pre{font:13px/20px ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono",monospace;\
        overflow-wrap:anywhere}
        p,li,dd{max-width:75ch}
        ul,ol{padding-left:20px}
        li{margin:4px 0}
        summary{cursor:pointer;color:var(--accent);font-size:13px;line-height:20px;width:fit-content}
        .page{max-width:1008px;margin:0 auto;padding:24px 24px 96px}
        .skip{position:absolute;left:-999px;top:8px;padding:8px 12px;background:var(--surface)}
        .skip:focus{left:8px}
        .contents{font-size:13px;line-height:20px;margin:0 0 24px;border-bottom:1px solid var(--rule);\
        overflow-x:auto;scrollbar-width:none}
        .contents ul{display:flex;list-style:none;padding:0;white-space:nowrap}
        .contents li{margin:0;padding:0 20px 8px 0}
        .contents a{color:var(--muted);text-decoration:none;display:inline-block;padding:4px 0}
        .contents a:hover{color:var(--accent);text-decoration:underline}
        .muted,.introduction{color:var(--muted)}
        .introduction{margin:-8px 0 16px}
        .lead{font-size:18px;line-height:28px;font-weight:600;margin:0 0 8px;text-wrap:pretty}
        .outlook{margin:0 0 8px}
        .note{font-size:13px;line-height:20px;margin-top:-12px}
        .help{color:var(--muted);margin-bottom:16px;max-width:none}
        footer{margin-top:64px;padding-top:12px;border-top:1px solid var(--rule);color:var(--muted);\
        font-size:13px;line-height:20px}
        .definitions{position:absolute}

        """

    private static let verdict = """
        .masthead{margin-bottom:40px}
        .logo{display:block;max-width:240px;max-height:48px;margin-bottom:16px}
        .redacted{margin:0 0 16px;padding:8px 12px;border:1px solid var(--muted);border-radius:4px;font-size:14px;line-height:20px}
        .eyebrow{display:flex;flex-wrap:wrap;gap:4px 12px;font-size:13px;line-height:20px;color:var(--muted);\
        margin:4px 0 32px;max-width:none}
        .severity{display:flex;align-items:center;gap:8px;font-size:13px;line-height:20px;font-weight:650;\
        margin:0 0 8px;padding:0;border:0}
        .severity svg{width:12px;height:12px}
        .severity-shape{fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
        .incident>svg .severity-shape{fill:currentColor}
        h2.severity.incident{color:var(--bad)}.severity.healthy{color:var(--good)}
        .severity.notice{color:var(--limit)}.severity.unknown{color:var(--muted)}
        .answer{font-size:24px;line-height:32px;font-weight:600;letter-spacing:-.01em;max-width:34em;\
        text-wrap:pretty}
        .action{font-size:15px;line-height:24px;margin-top:16px;max-width:50em;padding-left:12px;border-left:3px solid var(--accent)}
        .action strong{margin-right:4px}
        .more{font-size:18px;line-height:28px;margin-top:12px;text-wrap:pretty}
        .numbers{display:grid;grid-template-columns:repeat(5,minmax(0,1fr));gap:24px 16px;margin:40px 0 32px}
        .numbers>div{border-top:1px solid var(--rule);padding-top:8px;display:flex;flex-direction:column}
        .numbers dt{font-size:13px;line-height:20px;color:var(--muted)}
        .numbers .value{font-size:28px;line-height:40px;font-weight:600;letter-spacing:-.02em;margin-top:auto}
        .numbers .unit{font-size:13px;line-height:1;font-weight:400;letter-spacing:0;color:var(--muted);\
        white-space:nowrap;margin-left:6px}
        .numbers .comparison{font-size:13px;line-height:20px;color:var(--muted);min-height:20px}
        .quality{font-size:13px;line-height:20px;display:flex;gap:4px 16px;flex-wrap:wrap;align-items:baseline}
        .quality strong{white-space:nowrap}
        .quality ul{padding:0;list-style:none;flex:1 1 320px;color:var(--muted)}
        .quality li{margin:0}
        .level::before{content:"";display:inline-block;width:8px;height:8px;margin-right:8px;border-radius:8px;\
        border:2px solid currentColor}
        .level.good{color:var(--good)}.level.good::before{background:currentColor}
        .level.fair{color:var(--limit)}.level.fair::before{background:linear-gradient(currentColor 50%,transparent 50%)}
        .level.poor{color:var(--bad)}

        """

    private static let findings = """
        .cause-grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(260px,1fr));gap:24px;margin:16px 0 40px}
        .cause h3{display:flex;gap:8px;align-items:baseline}
        .cause .swatch{flex:none;width:12px;height:12px;background:var(--c)}
        .cause dl{font-size:13px;line-height:20px;margin-top:8px}
        .cause dl div{display:flex;flex-wrap:wrap;gap:0 8px;padding:4px 0;border-top:1px solid var(--grid)}
        .cause dt{color:var(--muted);flex:1 1 auto}
        .cause dd{font-weight:600;text-align:right;margin-left:auto}
        .cause dd span{font-weight:400;color:var(--muted)}
        .finding{padding:24px 0;border-top:1px solid var(--rule)}
        .finding:first-of-type{border-top:0;padding-top:0}
        .finding h3{font-size:18px;line-height:24px;display:flex;flex-wrap:wrap;gap:0 12px;align-items:baseline}
        .finding h3 code{color:var(--muted);font-weight:400}
        .rank{color:var(--muted);font-weight:400}
        .meta{font-size:13px;line-height:20px;color:var(--muted);margin:4px 0 12px;max-width:none}
        .meta>span{white-space:nowrap}
        .meta>span:not(:last-child)::after{content:"·";margin:0 8px}
        .dots{letter-spacing:1px;margin-right:6px;color:var(--text)}
        .effect{color:var(--text);font-weight:600}
        .finding p+p{margin-top:8px}
        .table-link{font-size:13px;line-height:20px;margin-bottom:16px}
        .finding~.pair{border-top:1px solid var(--rule);padding-top:24px}
        .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:0 40px}
        .pair>div{margin-bottom:16px}
        .plain{list-style:none;padding:0;columns:320px;column-gap:40px}
        .plain li{margin:0;padding:4px 0;break-inside:avoid}
        .plain .muted{display:block;font-size:13px;line-height:20px}
        .finding details{margin-top:16px}
        details[open]>summary{margin-bottom:8px}

        """

    private static let charts = """
        .strip{position:relative;margin:0 0 20px;min-width:0}
        .strip figcaption{position:relative;margin-bottom:8px}
        .strip figcaption{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 16px}
        .subtitle{flex:1 0 100%;font-size:13px;line-height:20px;color:var(--muted);max-width:none}
        .subtitle a{margin-left:8px}
        .readout{position:absolute;left:0;right:0;bottom:0;background:var(--background);font-size:13px;line-height:20px;\
        white-space:nowrap;overflow:hidden;text-overflow:ellipsis;max-width:none}
        .readout b{font-weight:600;color:var(--c)}
        .readout:empty{display:none}
        .legend{display:none;flex-wrap:wrap;gap:0 16px;font-size:13px;line-height:20px;margin-bottom:4px;max-width:none}
        .legend.always{display:flex}
        .entry{display:inline-flex;align-items:center;gap:6px}
        .key{width:22px;height:10px;flex:none}
        button{font:inherit;min-height:24px;padding:0 8px;color:var(--text);background:none;border:1px solid var(--rule);\
        border-radius:4px;cursor:pointer}
        button:hover{border-color:var(--accent)}
        .toggles{display:flex;gap:4px 8px;margin:0}
        .toggles.always{margin-bottom:8px}
        [aria-pressed=false]{color:var(--muted);text-decoration:line-through}
        [aria-pressed=false] .key{opacity:.3}
        .selection{position:fixed;z-index:1;left:50%;bottom:16px;transform:translateX(-50%);display:flex;flex-wrap:wrap;\
        align-items:center;gap:4px 8px;width:max-content;max-width:calc(100vw - 32px);padding:8px 12px;font-size:13px;\
        line-height:20px;background:var(--surface);border:1px solid var(--rule);border-radius:8px;\
        box-shadow:0 2px 12px rgba(0,0,0,.25)}
        .selection[hidden]{display:none}
        .plot{display:block;width:100%;overflow:visible;padding:0 136px 0 56px}
        .plot.small{padding:0 84px 0 56px}
        .plot.bars{padding:0 8px 0 48px}
        .plot.classes{padding:0 112px 0 96px}
        .plot.waterfall{padding:0 96px 0 164px}
        .plot.coverage{padding:0 20px}
        .shares{display:block;width:100%}
        svg text{font-size:13px;fill:var(--muted)}
        text.value{text-anchor:end}
        text.time{text-anchor:middle}
        text.left,text.kind{text-anchor:end}
        text.end{fill:var(--c)}
        text.incident-label{fill:var(--bad);font-weight:600}
        text.event,text.row,text.count{fill:var(--text)}
        text.kind,.quiet{fill:var(--muted)}
        .grid{stroke:var(--grid)}
        .axis{stroke:var(--context)}
        .incident{fill:var(--bad);fill-opacity:.12}
        .event-line{stroke:var(--text);stroke-opacity:.4;stroke-dasharray:1 3}
        .hatch{stroke:var(--context);stroke-width:2;stroke-opacity:.55}
        .limit-line{stroke:var(--limit);stroke-width:1.5;stroke-dasharray:6 4}
        .lines,.view,.stretch{overflow:visible}
        .zoomed .view{overflow:hidden}
        .zoomed .ticks,.zoomed text.end[data-name],.off{display:none}
        .line{fill:none;stroke:var(--c);stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round;\
        vector-effect:non-scaling-stroke}
        .area{fill:var(--c);fill-opacity:.18}
        .mark{fill:var(--c)}
        .bar{fill:var(--c)}
        .baseline{fill:none;stroke:var(--text);stroke-width:1.25}
        .share{fill:var(--c);stroke:var(--background)}
        text.share{fill:var(--background);stroke:none;font-weight:600}
        .hit{fill:none;pointer-events:all;cursor:crosshair;-webkit-user-select:none;user-select:none}
        .plot[data-start]{touch-action:pan-y pinch-zoom}
        .brush{fill:var(--accent);fill-opacity:.15;pointer-events:none}
        .cross{stroke:var(--text);stroke-width:1;pointer-events:none}
        svg.shape{overflow:visible}
        .incident-key{fill:var(--bad);fill-opacity:.25}
        .mark-neutral{fill:var(--text)}.mark-bad{fill:var(--bad)}.mark-accent{fill:var(--accent)}
        .mark-cross{stroke:var(--bad);stroke-width:2.5;fill:none}.mark-quiet{stroke:var(--context)}
        .s-observed,.s-strong{--c:var(--accent)}
        .s-soft{--c:var(--accent-soft)}
        .line.s-soft{stroke-width:1.25}
        .line.s-more{stroke-dasharray:2 4}
        .s-context,.s-rest{--c:var(--context)}
        .line.s-context{stroke-width:1.25;stroke-dasharray:4 4}
        .s-limit{--c:var(--limit)}
        .line.s-limit{stroke-dasharray:6 4}
        .s-bad{--c:var(--bad)}
        .s-0{--c:var(--category-0)}.s-1{--c:var(--category-1)}.s-2{--c:var(--category-2)}.s-3{--c:var(--category-3)}
        .s-4{--c:var(--category-4)}.s-5{--c:var(--category-5)}.s-6{--c:var(--category-6)}
        .line.s-1{stroke-dasharray:7 4}.line.s-3{stroke-dasharray:2 4}.line.s-5{stroke-dasharray:9 3 2 3}
        .shade-0,.shade-1,.shade-2,.shade-3,.shade-4{fill:var(--accent)}
        .shade-0{fill-opacity:.14}.shade-1{fill-opacity:.32}.shade-2{fill-opacity:.52}.shade-3{fill-opacity:.75}
        .incident-bar{fill:var(--bad)}
        .incident-edge{stroke:var(--bad);stroke-dasharray:3 3}
        .plot.heat{padding:0 8px 0 56px;margin-top:8px}
        .plot.piles{padding:0 20px}
        .dot{fill:var(--c);fill-opacity:.7;stroke:var(--background)}
        .dot.odd{fill-opacity:1;stroke:var(--text);stroke-width:1.5}
        .multiples>details{margin-bottom:20px}
        .median{stroke:var(--context);stroke-width:1.5;stroke-dasharray:6 4}
        text.odd-name{fill:var(--c,var(--text));font-weight:600}
        text.odd-name.before{text-anchor:end}
        .aligned .strip{margin-bottom:24px}
        .events{margin:-8px 0 24px}
        .events ul{list-style:none;padding:0;font-size:13px;line-height:20px}
        .events .key{width:12px;height:12px;margin-right:8px;vertical-align:-2px}
        .multiples .strip{display:flex;flex-direction:column}
        .multiples .plot{margin-top:auto}
        .multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:16px 40px}

        """

    private static let tables = """
        .scroll{overflow-x:auto;margin:0 0 24px;background:\
        linear-gradient(to right,var(--background) 50%,transparent) 0 0/32px 100% no-repeat local,\
        linear-gradient(to left,var(--background) 50%,transparent) 100% 0/32px 100% no-repeat local,\
        linear-gradient(to right,var(--rule),transparent) 0 0/12px 100% no-repeat scroll,\
        linear-gradient(to left,var(--rule),transparent) 100% 0/12px 100% no-repeat scroll}
        .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
        .unseen+a{margin-left:0}
        .scroll+h3,.plain+h3{margin:24px 0 4px}
        table{border-collapse:collapse;width:100%;font-size:13px;line-height:20px}
        caption{text-align:left;font-size:15px;font-weight:650;padding-bottom:4px}
        caption a{font-weight:400;font-size:13px;margin-left:8px}
        th,td{text-align:left;vertical-align:top;padding:6px 16px 6px 0;border-bottom:1px solid var(--grid);\
        font-weight:400}
        thead th{color:var(--muted);vertical-align:bottom;border-bottom:1px solid var(--rule)}
        th:last-child,td:last-child{padding-right:0}
        .n{text-align:right;white-space:nowrap}
        .t{white-space:nowrap}
        td.long,th.long{min-width:240px}
        td.message{min-width:320px}
        th.file{min-width:150px}
        td.clock{min-width:190px}
        .u{color:var(--muted);margin-left:6px}
        tbody tr:hover{background:var(--surface)}
        td .differs{color:var(--bad);font-weight:600;margin-left:8px}
        tr.group th{padding-top:16px;color:var(--muted);font-weight:650}
        .ERROR,.CRITICAL,.FATAL{color:var(--bad);font-weight:600}
        .methods h3{margin:16px 0 4px}
        .methods p+p{margin-top:8px}

        """

    private static let wide = """
        @media (min-width:1200px){
        .page{max-width:1256px;display:grid;grid-template-columns:184px minmax(0,960px);column-gap:48px;padding-top:40px}
        .contents{position:sticky;top:24px;align-self:start;max-height:calc(100vh - 48px);overflow:auto;border:0;margin:0}
        .contents ul{display:block;white-space:normal}
        .contents li{padding:0}
        main{grid-column:2}
        }

        """

    private static let narrow = """
        @media (max-width:879px){
        .numbers{grid-template-columns:repeat(3,minmax(0,1fr))}
        }
        @media screen and (max-width:719px){
        .page{padding:16px 16px 64px}
        .numbers{grid-template-columns:repeat(2,minmax(0,1fr));gap:16px;margin:32px 0 24px}
        .plot,.plot.small,.plot.heat{padding:0 8px 0 46px}
        .plot.piles{padding:0 14px}
        .plot.classes{padding:0 104px 0 72px}
        .plot.waterfall{padding:0 84px 0 124px}
        .plot.coverage{padding:0 20px}
        .legend{display:flex}
        .toggles{margin-bottom:4px}
        text.end,text.event,.minor,.wide{display:none}
        h2{margin-top:48px}
        tbody th:not(.t){min-width:120px}
        thead th.n{white-space:normal}
        .answer{font-size:24px;line-height:30px}
        .eyebrow{margin-bottom:24px}
        }

        """

    private static let print = """
        @media print{
        .contents,.skip,.readout,.selection,.help{display:none}
        .page{display:block;max-width:none;padding:0}
        body{background:none;font-size:10pt;line-height:1.5}
        .toggles:not(.always){display:none}
        button{border:0;padding:0}
        .strip,tr,li,.meta,.numbers,.cause{break-inside:avoid}
        h2,h3,h4,summary,caption,.introduction{break-after:avoid}
        details::details-content{content-visibility:visible;block-size:auto}
        .scroll{overflow:visible}
        *{print-color-adjust:exact;-webkit-print-color-adjust:exact}
        }

        """
}
