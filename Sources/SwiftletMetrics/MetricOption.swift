/// How scores of several labels become one.
public enum Average: String, Sendable, Hashable, CaseIterable {
    /// The score of the positive label, for two classes.
    case binary
    /// From the counts of all labels together.
    case micro
    /// The mean over labels.
    case macro
    /// The mean over labels, each with the number of its rows as weight.
    case weighted
    /// The mean over rows, for rows with several labels.
    case samples
    /// No mean: a score for each label, Python's `None`.
    case perLabel
}

/// A named argument of Python's `compute`, such as `average="macro"`, which is written `.average(.macro)`.
public enum MetricOption: Sendable, Hashable {
    /// What the numbers of a confusion matrix are divided by, as scikit-learn's `normalize`: with `true`, the sum of
    /// their row, which is the true class; with `pred`, that of their column, which is the predicted class; with `all`,
    /// the sum of the whole matrix.
    public enum Normalization: String, Sendable {
        /// By the sum of the row: the rows of a true class add up to 1.
        case `true`
        /// By the sum of the column: the rows of a predicted class add up to 1.
        case pred
        /// By the sum of the whole matrix.
        case all
    }
    /// What a score is where its denominator is 0: `zero`, `one` or `nan` without a word, or, with `warn`, 0 and a
    /// warning. The default is `warn`, as in scikit-learn.
    public enum ZeroDivision: Sendable, Hashable {
        /// 0, with a warning. The default.
        case warn
        /// 0, without a warning.
        case zero
        /// 1, without a warning.
        case one
        /// Not a number, without a warning.
        case nan
    }
    /// How an area under the curve is made for more than two classes: `ovr` compares each class with the rest, `ovo`
    /// each pair of classes.
    public enum MultiClass: String, Sendable {
        /// Each class against all others together.
        case ovr
        /// Each class against each other one.
        case ovo
    }
    /// How the errors of several outputs become a result. Named as in scikit-learn's `multioutput`.
    public enum MultiOutput: Sendable, Hashable {
        /// One number: the mean over the outputs, each with the same weight. The default.
        case uniformAverage
        /// A list with the error of each output.
        case rawValues
        /// One number: the mean over the outputs with these weights, one for each output. Another number of weights is
        /// a `MetricError`.
        case weights([Double])
    }
    /// How tags mark where an entity begins and ends. The names are seqeval's; `BILOU` marks the last word with L and a
    /// single word with U where `IOBES` has E and S.
    public enum Scheme: String, Sendable, CaseIterable {
        /// B only where an entity follows another of its type at once; else it begins with I.
        case IOB1
        /// Every entity begins with B.
        case IOB2
        /// E only where an entity of the same type follows at once; else it ends with I.
        case IOE1
        /// Every entity ends with E.
        case IOE2
        /// Entities begin with B and end with E; those of one word have S.
        case IOBES
        /// Entities begin with B and end with L; those of one word have U.
        case BILOU
    }
    /// How the calibration errors of bins become one number: `l1` is the mean of the absolute differences and `l2` the
    /// root of the mean of their squares, both weighted by the bins' rows; `max` is the largest difference.
    public enum Norm: String, Sendable {
        /// The mean of the absolute differences, weighted by the rows of each bin.
        case l1
        /// The root of the mean of the squared differences, weighted by the rows of each bin.
        case l2
        /// The largest difference.
        case max
    }
    /// The tokenizers of sacrebleu that need no model and no dictionary: `none` parts at white space alone; `v13a`, the
    /// default, is that of mteval-v13a, for languages of the West; `intl` goes by Unicode's classes, as mteval-v14
    /// does; `zh` takes each Chinese character as a word, and `char` each character.
    public enum BLEUTokenizer: String, Sendable, CaseIterable {
        /// Words are what lies between white space.
        case none
        /// Each Chinese character is a word; the rest is parted as by `v13a`.
        case zh
        /// That of mteval-v13a, for languages of the West. The default.
        case v13a = "13a"
        /// Punctuation and symbols by Unicode's classes, as in mteval-v14.
        case intl
        /// Each character is a word.
        case char
    }
    /// What BLEU does about n-grams without a match, as in sacrebleu: `none` nothing, so that the score is 0; `floor`
    /// puts a small number in place of 0; `addK` adds a number to matches and totals of all n-grams longer than a word;
    /// `exp`, the default, puts 1/2 of a match in place of the first 0, 1/4 in place of the next, and so on.
    public enum SmoothMethod: String, Sendable, CaseIterable {
        /// Nothing: the score is 0.
        case none
        /// A small number, the smoothing value, in place of 0 matches.
        case floor
        /// The smoothing value is added to matches and totals of n-grams longer than a word.
        case addK = "add-k"
        /// Half a match in place of the first 0, a quarter in place of the next, and so on. The default.
        case exp
    }
    /// How the scores of rows become one: their mean, which is the default, their sum, or their median.
    public enum Aggregate: String, Sendable, CaseIterable {
        /// The mean of the scores. The default.
        case mean
        /// The sum of the scores.
        case sum
        /// The median of the scores.
        case median
    }
    /// A label and what it becomes.
    public struct LabelChange: Sendable, Hashable {
        /// The label, a class index, as it stands in the references.
        public var old: Int
        /// The label, a class index, that counts in its place.
        public var new: Int

        /// Counts the label `old` as `new`. Both are class indices.
        public init(_ old: Int, to new: Int) { (self.old, self.new) = (old, new) }
    }

    /// How the scores of classes become one. As in scikit-learn, the default is `.binary` for precision, recall and F1
    /// of rows with one class each, and `.macro` for the area under the curve.
    case average(Average)
    /// The class indices that a score is computed of, in the order of the result; by default all that occur, sorted.
    case labels([Int])
    /// The class index that counts as positive where there are two classes; 1 by default. With another average than
    /// `.binary`, precision, recall and F1 ignore it, with a warning.
    case posLabel(Int)
    /// The text that counts as positive where the references of `brier_score` are texts.
    case posLabelName(String)
    /// What precision, recall and F1 are where nothing was predicted or nothing is true. By default `.warn`: 0 and a
    /// warning.
    case zeroDivision(ZeroDivision)
    /// Accuracy as a fraction (`true`, the default) or as a count.
    case normalize(Bool)
    /// A confusion matrix over its rows, its columns or everything.
    case normalizeMatrix(Normalization)
    /// The p-value of a correlation too.
    case returnPValue
    /// The area under the curve up to this false positive rate, rescaled.
    case maxFPR(Double)
    /// How `roc_auc` is computed for more than two classes. Such rows need it: there is no default.
    case multiClass(MultiClass)
    /// How regression metrics such as `mse`, `mae` and `mase` treat rows of several outputs; their mean by default.
    case multiOutput(MultiOutput)
    /// `false` for the root of the mean squared error.
    case squared(Bool)
    /// Regular expressions whose matches `exact_match` removes from predictions and references before anything else.
    case regexesToIgnore([String])
    /// `exact_match` compares texts in lower case.
    case ignoreCase
    /// `exact_match` removes ASCII punctuation before it compares.
    case ignorePunctuation
    /// `exact_match` removes the digits 0 to 9 before it compares.
    case ignoreNumbers
    /// Entity prefixes at the end of a tag, as in `PER-B`.
    case suffix
    /// seqeval's strict mode, in this scheme or, for `nil`, the one that the tags of the references look like.
    case strict(Scheme?)
    /// The number of bins of the calibration error.
    case bins(Int)
    /// How `calibration_error` joins its bins; `.l1`, the expected calibration error, by default.
    case norm(Norm)
    /// For `squad_v2`: with a higher probability of no answer than this, a question counts as not answered.
    case noAnswerThreshold(Double)
    /// All texts as one, for the rates of errors.
    case concatenateTexts
    /// The scores of `rouge`: `rouge1` to `rouge9`, `rougeL`, `rougeLsum`.
    case rougeTypes([String])
    /// `rouge`'s median of resampled means (`true`, the default), or a score for each row.
    case useAggregator(Bool)
    /// Words without their endings, by Porter's rules for English.
    case useStemmer
    /// What `rouge`'s resampling starts from, as `numpy.random.seed` takes it; 0 where it isn't given.
    case seed(Int)
    /// A function of yours that parts a text into words.
    case tokenizer(TextTokenizer)
    /// One of sacrebleu's ways to part a text into words.
    case tokenize(BLEUTokenizer)
    /// What stands for a precision that is 0.
    case smoothMethod(SmoothMethod)
    /// The number of `floor` (0.1 by default) and `add-k` (1).
    case smoothValue(Double)
    /// No warning of texts that look as if they were parted already.
    case force
    /// `sacrebleu`, `chrf` and `nist_mt` compare texts in lower case.
    case lowercase
    /// Without the lengths of n-grams for which the predictions are too short.
    case useEffectiveOrder
    /// The longest n-grams of `bleu`.
    case maxOrder(Int)
    /// `bleu` with 1 added to matches and totals, after Lin and Och (2004).
    case smooth
    /// The shortest n-grams of `google_bleu`.
    case minLength(Int)
    /// The longest n-grams of `google_bleu`.
    case maxLength(Int)
    /// The longest n-grams of characters of `chrf`.
    case charOrder(Int)
    /// The longest n-grams of words of `chrf`: 2 for chrF++.
    case wordOrder(Int)
    /// How much more recall counts than precision in `chrf`; the exponent of the penalty in `meteor`.
    case beta(Double)
    /// White space counts as characters too.
    case whitespace
    /// `chrf` with a tiny number in place of 0, as chrF++.py, Moses and NLTK have it.
    case epsSmoothing
    /// `ter`: punctuation apart from words, line ends and XML's escapes resolved.
    case normalized
    /// `ter` without punctuation.
    case ignorePunct
    /// `ter`: Chinese and Japanese characters as words, where texts are normalized or lose their punctuation.
    case supportZhJaChars
    /// `ter` tells capital letters from small ones; by default it doesn't.
    case caseSensitive
    /// The series before the predicted values, for `mase`.
    case training([Double])
    /// The same with several outputs, shape `[time, outputs]`.
    case trainingRows([[Double]])
    /// The length of a season, for `mase`.
    case periodicity(Int)
    /// The weight of precision in `meteor`.
    case alpha(Double)
    /// The weight of the penalty in `meteor`.
    case gamma(Double)
    /// A folder of NLTK's data, with `corpora/wordnet` and `tokenizers/punkt_tab/english`, for `meteor`.
    case nltkData(String)
    /// The longest n-grams of `nist_mt`, Python's `n`.
    case order(Int)
    /// Whether `nist_mt` parts punctuation from words, as in languages of the West.
    case westernLang(Bool)
    /// How `character` joins the scores of rows; `.mean` by default.
    case aggregate(Aggregate)
    /// `character` with the score of each row.
    case returnAllScores
    /// How many of the highest scores count as a hit.
    case k(Int)
    /// The number of classes of `mean_iou`.
    case numLabels(Int)
    /// The label of pixels that don't count.
    case ignoreIndex(Int)
    /// What stands for a score that isn't a number.
    case nanToNum(Double)
    /// True labels of `mean_iou` that are changed, one after the other.
    case labelMap([LabelChange])
    /// `mean_iou`: true labels less 1; 0, the background, doesn't count.
    case reduceLabels
    /// Points of the distribution from which `mahalanobis` measures, shape `[points, dimensions]`.
    case referenceDistribution([[Double]])
    /// Whether chains of one mention count in `coval`; they do by default.
    case keepSingletons(Bool)
    /// `coval` without mentions that are parts of others of their chain.
    case removeNested
    /// `coval` without mentions that are verb phrases, by the parses of the references.
    case npOnly
    /// `coval` with mentions that count as the same where the words that stand for them are, by the parses of the
    /// references: of "the big dog" it is "dog".
    case minSpan
    /// An argument of a metric that was registered: its name, and its value as JSON.
    case argument(String, String)
    /// Confidence intervals for scores, for `method` see `BootstrapMethod`.
    case bootstrap(resamples: Int = 9999, level: Double = 0.95, method: BootstrapMethod = .bca, seed: UInt64 = 0)

    /// The case without its values, as Python names it.
    package var name: String {
        switch self {
        case .average: "average"
        case .labels: "labels"
        case .posLabel: "pos_label"
        case .posLabelName: "pos_label_name"
        case .zeroDivision: "zero_division"
        case .normalize, .normalizeMatrix: "normalize"
        case .returnPValue: "return_pvalue"
        case .maxFPR: "max_fpr"
        case .multiClass: "multi_class"
        case .multiOutput: "multioutput"
        case .squared: "squared"
        case .regexesToIgnore: "regexes_to_ignore"
        case .ignoreCase: "ignore_case"
        case .ignorePunctuation: "ignore_punctuation"
        case .ignoreNumbers: "ignore_numbers"
        case .suffix: "suffix"
        case .strict: "mode"
        case .bins: "n_bins"
        case .norm: "norm"
        case .bootstrap: "strategy"
        case .noAnswerThreshold: "no_answer_threshold"
        case .concatenateTexts: "concatenate_texts"
        case .rougeTypes: "rouge_types"
        case .useAggregator: "use_aggregator"
        case .useStemmer: "use_stemmer"
        case .seed: "seed"
        case .tokenizer: "tokenizer"
        case .tokenize: "tokenize"
        case .smoothMethod: "smooth_method"
        case .smoothValue: "smooth_value"
        case .force: "force"
        case .lowercase: "lowercase"
        case .useEffectiveOrder: "use_effective_order"
        case .maxOrder: "max_order"
        case .smooth: "smooth"
        case .minLength: "min_len"
        case .maxLength: "max_len"
        case .charOrder: "char_order"
        case .wordOrder: "word_order"
        case .beta: "beta"
        case .whitespace: "whitespace"
        case .epsSmoothing: "eps_smoothing"
        case .normalized: "normalized"
        case .ignorePunct: "ignore_punct"
        case .supportZhJaChars: "support_zh_ja_chars"
        case .caseSensitive: "case_sensitive"
        case .training, .trainingRows: "training"
        case .periodicity: "periodicity"
        case .alpha: "alpha"
        case .gamma: "gamma"
        case .nltkData: "nltk_data"
        case .order: "n"
        case .westernLang: "western_lang"
        case .aggregate: "aggregate"
        case .returnAllScores: "return_all_scores"
        case .k: "k"
        case .numLabels: "num_labels"
        case .ignoreIndex: "ignore_index"
        case .nanToNum: "nan_to_num"
        case .labelMap: "label_map"
        case .reduceLabels: "reduce_labels"
        case .referenceDistribution: "reference_distribution"
        case .keepSingletons: "keep_singletons"
        case .removeNested: "remove_nested"
        case .npOnly: "NP_only"
        case .minSpan: "min_span"
        case .argument(let name, _): name
        }
    }
}

/// How an interval is read from resampled scores; the names are those of `scipy.stats.bootstrap`.
public enum BootstrapMethod: String, Sendable {
    /// The quantiles of the resampled scores themselves.
    case percentile
    /// The percentile interval mirrored at the score of the rows as they are, also called the reverse percentile
    /// interval.
    case basic
    /// Quantiles that are corrected for bias and for skewness, the latter by leaving out each row once. The default, as
    /// in SciPy; it takes the most time.
    case bca = "BCa"
}
