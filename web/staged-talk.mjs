/** The conversation that README's pictures show. */
export const VIEWER = "Ada";
/** When the pictures are taken. */
export const NOW = "10:26";

export const ROOMS = [
  {
    name: "launch",
    members: ["Priya", "Kenji", "Sofia", "Tomás", "林雨", VIEWER],
    typist: "Priya",
    read: 13,
    lines: [
      [
        "09:02",
        "Priya",
        "Morning! Two things left for Thursday: the release notes, and a last look at the new onboarding.",
      ],
      ["09:04", "Kenji", "Onboarding is in staging since last night."],
      ["09:04", "Kenji", "https://staging.example.com/welcome"],
      ["09:11", "Sofia", "Went through it on my phone. The third step is lovely now."],
      ["09:12", "Sofia", "One nit: the button under it hides behind the keyboard on small screens."],
      ["09:14", "Tomás", "Ha, same one I found on the tablet. I have a fix, ten minutes."],
      ["09:15", "Priya", "Perfect. Who writes the notes?"],
      ["09:17", "林雨", "I can. Draft by noon, in English and 中文."],
      [
        "09:31",
        "Tomás",
        "Fix is up. Buttons stay where they belong:\n- phone, portrait and landscape\n- tablet, with and without a keyboard",
      ],
      ["09:38", "Sofia", "Confirmed on both. Shipping this feels good 🎉"],
      [
        "10:05",
        "Kenji",
        "Load test from yesterday, for the notes: 1,000 messages a second in one room, and every one arrived.",
      ],
      ["10:06", "Kenji", "We pulled the plug on the database in the middle. Nobody in the room noticed."],
      ["10:09", "Ada", "I was in it, and did not. And nothing lost?"],
      ["10:12", "Kenji", "Nothing. Everything that was acknowledged is there, once, under its number."],
      ["10:13", "林雨", "That sentence goes into the notes as it is."],
      ["10:24", "Tomás", "Ada, could you take the last look at https://docs.example.com/launch before we tag it?"],
    ],
  },
  {
    name: "shanghai",
    members: ["林雨", "王小明", "陈晨", "Kenji"],
    typist: "陈晨",
    read: 7,
    lines: [
      ["09:05", "林雨", "大家早！周四发布，中文文档还差哪些？"],
      ["09:08", "王小明", "快速开始和常见问题都校对完了。"],
      ["09:08", "王小明", "部署一章今天下午给您。"],
      ["09:13", "陈晨", "截图我来换成新的界面，深色和浅色各一张。"],
      ["09:15", "Kenji", "Thanks all! 辛苦了 🙏"],
      ["09:40", "林雨", "术语表在这里：https://docs.example.com/zh/terms"],
      ["09:44", "王小明", "收到。“确认”统一指已写入数据库，对吧？"],
      ["10:02", "林雨", "对：确认就是已经存好，只存一次，带着自己的编号。"],
      ["10:03", "陈晨", "这句话很好，我放进首页。"],
    ],
  },
  {
    name: "design",
    members: ["Sofia", "Priya"],
    read: 1,
    lines: [
      ["09:20", "Sofia", "New palette is in the file."],
      ["09:22", "Priya", "The green is right. Calm."],
      ["10:15", "Sofia", "Dark theme next."],
      ["10:16", "Priya", "Take your time, it shows."],
    ],
  },
  { name: "lunch", members: ["Tomás", "Kenji"], read: 1, lines: [["10:20", "Tomás", "Noodles at half past twelve?"]] },
  { name: "support", isElsewhere: true, members: ["Sofia", "Tomás", "王小明"], read: 0, lines: [] },
  { name: "reading-club", isElsewhere: true, members: ["Priya", "林雨"], read: 0, lines: [] },
];
