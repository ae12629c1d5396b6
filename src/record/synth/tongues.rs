//! Languages and scripts in which the generator writes.

use super::words::{ACADEMIC, FUNCTION, HEADS, MIDDLES, TAILS};

/// A human language or script as the generator writes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tongue {
    /// ISO 639-3.
    pub(super) id: &'static str,
    /// English name.
    pub(super) name: &'static str,
    /// Frequent words, most frequent first; empty for scripts written without spaces.
    pub(super) function: &'static [&'static str],
    /// The next most frequent words: those that carry meaning.
    pub(super) content: &'static [&'static str],
    /// Word beginnings.
    pub(super) heads: &'static [&'static str],
    /// Word middles; may be empty.
    pub(super) middles: &'static [&'static str],
    /// Word endings; for unspaced scripts unused.
    pub(super) tails: &'static [&'static str],
    /// Between words.
    pub(super) space: &'static str,
    /// At a sentence's end, with the space that follows.
    pub(super) stop: &'static str,
}

const LATIN_STOP: &str = ". ";

const fn latin(
    id: &'static str,
    name: &'static str,
    function: &'static [&'static str],
    tails: &'static [&'static str],
) -> Tongue {
    Tongue {
        id,
        name,
        function,
        content: &[],
        heads: HEADS,
        middles: MIDDLES,
        tails,
        space: " ",
        stop: LATIN_STOP,
    }
}

/// English.
pub(super) const ENGLISH: Tongue =
    Tongue { content: ACADEMIC, ..latin("eng", "English", FUNCTION, TAILS) };

impl Tongue {
    /// Whether this is English.
    pub(super) fn is_english(&self) -> bool {
        self.id == ENGLISH.id
    }
}

/// The others, likeliest first.
pub(super) const TONGUES: &[Tongue] = &[
    latin(
        "spa",
        "Spanish",
        &[
            "de", "la", "en", "el", "y", "los", "las", "del", "se", "que", "por", "una", "con",
            "para",
        ],
        &["ción", "idad", "ico", "ística", "ado", "es", "mente", "ía", "oso", "año"],
    ),
    latin(
        "deu",
        "German",
        &["der", "die", "und", "in", "von", "den", "das", "mit", "zu", "für", "auf", "im", "über"],
        &["ung", "keit", "isch", "lich", "größe", "schaft", "en", "ität", "mäßig", "er"],
    ),
    latin(
        "por",
        "Portuguese",
        &["de", "a", "e", "o", "da", "do", "que", "em", "para", "com", "uma", "não", "dos", "às"],
        &["ção", "dade", "ico", "ões", "ência", "ado", "mente", "ável", "ário", "eira"],
    ),
    latin(
        "fra",
        "French",
        &["de", "la", "et", "les", "des", "le", "à", "en", "du", "un", "une", "par", "dans", "été"],
        &["tion", "ité", "ique", "eux", "ée", "ment", "ière", "és", "aire", "œuvre"],
    ),
    latin(
        "ita",
        "Italian",
        &["di", "e", "la", "il", "che", "in", "del", "della", "per", "un", "con", "è", "più"],
        &["zione", "ità", "ico", "ale", "mento", "enza", "oso", "ato", "ologia", "ismo"],
    ),
    latin(
        "ces",
        "Czech",
        &["a", "v", "se", "na", "je", "z", "že", "o", "pro", "které", "při", "jako", "byl"],
        &["ní", "ost", "ický", "ště", "ový", "ání", "ů", "ění", "řský", "ák"],
    ),
    latin(
        "vie",
        "Vietnamese",
        &[
            "của", "và", "các", "được", "trong", "là", "một", "có", "cho", "những", "với",
            "nghiên", "cứu",
        ],
        &["ường", "iệt", "ấn", "ọc", "ình", "ợp", "ữ", "ảo", "ế", "ộng"],
    ),
    Tongue {
        id: "rus",
        name: "Russian",
        function: &[
            "и",
            "в",
            "на",
            "с",
            "по",
            "для",
            "из",
            "к",
            "при",
            "что",
            "от",
            "является",
            "как",
        ],
        content: &[],
        heads: &[
            "ис", "след", "раз", "пере", "про", "гео", "био", "мета", "сов", "тео", "рас", "под",
            "экс",
        ],
        middles: &[],
        tails: &["ование", "ация", "ский", "ность", "ных", "тель", "ение", "ика", "ого", "ные"],
        space: " ",
        stop: LATIN_STOP,
    },
    Tongue {
        id: "ara",
        name: "Arabic",
        function: &["في", "من", "على", "إلى", "التي", "هذه", "عن", "أن", "مع", "بين", "ذلك"],
        content: &[],
        heads: &["ال", "مست", "الم", "وال", "بال", "للم", "ت", "است", "ان", "الت"],
        middles: &[],
        tails: &[
            "دراسة",
            "بحث",
            "علوم",
            "تحليل",
            "بيانات",
            "نظام",
            "جامعة",
            "تاريخ",
            "لغة",
            "قانون",
        ],
        space: " ",
        stop: LATIN_STOP,
    },
    Tongue {
        id: "zho",
        name: "Chinese",
        function: &[],
        content: &[],
        heads: &[
            "研究", "数据", "分析", "方法", "结果", "系统", "模型", "环境", "中国", "技术", "发展",
            "影响", "实验", "结构", "信息", "水", "的", "和", "在", "与", "了", "对", "是", "为",
            "温度", "材料", "学习", "城市", "气候", "生物", "基因", "网络", "历史", "语言", "经济",
        ],
        middles: &[],
        tails: &[],
        space: "",
        stop: "。",
    },
    Tongue {
        id: "jpn",
        name: "Japanese",
        function: &[],
        content: &[],
        heads: &[
            "研究",
            "データ",
            "分析",
            "の",
            "を",
            "に",
            "は",
            "における",
            "システム",
            "開発",
            "日本",
            "モデル",
            "観測",
            "評価",
            "による",
            "環境",
            "地域",
            "画像",
            "実験",
            "言語",
            "した",
            "と",
            "構造",
            "情報",
            "生物",
            "について",
            "測定",
            "教育",
            "ネットワーク",
            "文化",
        ],
        middles: &[],
        tails: &[],
        space: "",
        stop: "。",
    },
    Tongue {
        id: "kor",
        name: "Korean",
        function: &["및", "이", "그", "수", "등", "위한", "통해", "대한", "연구"],
        content: &[],
        heads: &[
            "연구",
            "데이터",
            "분석",
            "환경",
            "시스템",
            "모델",
            "기술",
            "정보",
            "교육",
            "사회",
        ],
        middles: &[],
        tails: &["의", "를", "에서", "으로", "하는", "은", "가", "와", "적인", "했다"],
        space: " ",
        stop: LATIN_STOP,
    },
    Tongue {
        id: "ell",
        name: "Greek",
        function: &["και", "το", "της", "του", "η", "για", "με", "στην", "από", "των", "είναι"],
        content: &[],
        heads: &["ανά", "μελέ", "επι", "δια", "συν", "μετα", "υπο", "περι", "προ", "κατά"],
        middles: &[],
        tails: &[
            "λυση",
            "τική",
            "λογία",
            "γραφή",
            "μένα",
            "σεις",
            "ότητα",
            "ισμός",
            "ήσεων",
            "κών",
        ],
        space: " ",
        stop: LATIN_STOP,
    },
    Tongue {
        id: "tha",
        name: "Thai",
        function: &[],
        content: &[],
        heads: &[
            "การ",
            "ศึกษา",
            "วิจัย",
            "ข้อมูล",
            "ระบบ",
            "ผล",
            "ของ",
            "และ",
            "ใน",
            "ที่",
            "ประเทศ",
            "ไทย",
            "พัฒนา",
            "วิเคราะห์",
        ],
        middles: &[],
        tails: &[],
        space: "",
        stop: " ",
    },
];
